package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// wrk loads an app over so many connections, each asking for what takes 20 ms, until stop; stop returns how many
// requests there were, and fails when one did.
func (b *Berth) wrk(app string, connections int) (stop func() int) {
	b.t.Helper()
	const most = 5 * time.Minute
	ctx, cancel := context.WithTimeout(b.t.Context(), most+time.Minute)
	cmd := exec.CommandContext(ctx, "wrk", "-t1", "-c"+strconv.Itoa(connections), "-d"+strconv.Itoa(int(most.Seconds()))+"s", "--timeout", "10s",
		"-H", "Host: "+app+"."+b.Domain, b.Gateway+"/slow?ms=20")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	b.t.Cleanup(cancel)
	return func() int {
		b.t.Helper()
		cmd.Process.Signal(os.Interrupt) // it says what came of it all the same
		err := <-done
		requests := 0
		for line := range strings.Lines(out.String()) {
			fmt.Sscanf(strings.TrimSpace(line), "%d requests in", &requests)
		}
		if err != nil || requests == 0 || strings.Contains(out.String(), "Non-2xx") || strings.Contains(out.String(), "Socket errors") {
			b.t.Fatalf("%v: %s", err, out.String())
		}
		return requests
	}
}

// running returns how many instances of an app are running.
func (b *Berth) runs(app string) (n int) {
	for _, i := range b.info(app).Instances {
		if i.Status == "running" {
			n++
		}
	}
	return n
}

// answeredBy waits until so many instances of an app have answered.
func (b *Berth) answeredBy(app string, want int) {
	b.t.Helper()
	seen := map[string]bool{}
	b.eventually(time.Minute, func() error {
		_, body, err := b.get(app, "/")
		if _, name, ok := strings.Cut(body, "instance "); ok && err == nil {
			seen[name] = true
		}
		if len(seen) < want {
			return fmt.Errorf("answered: %v, %v", seen, err)
		}
		return nil
	})
}

// rawStart returns how long the engine by itself takes until a container of an app answers.
func (b *Berth) rawStart(app string) time.Duration {
	b.t.Helper()
	c := testenv.Docker(b.t)
	inspected, err := c.ContainerInspect(b.t.Context(), b.theContainer(c, app))
	if err != nil {
		b.t.Fatal(err)
	}
	raw := dockerRun{t: b.t, client: c, image: inspected.Image}
	raw.address = raw.bridge()
	return time.Duration(raw.timeToAnswer(1) * float64(time.Millisecond))
}

// A real load on a real app: it scales out, serves, scales in, without a failed request, and the timeline explains each
// step. The first new instance serves within 10 s and 1.5 times the raw start of a container after the load came.
func TestItScalesWithItsLoad(t *testing.T) {
	b, app := online(t, testenv.ImageOptions{}, nil)
	start := b.rawStart(app)

	var set accepted
	b.do("PUT", "/api/v1/apps/"+app+"/scaling", map[string]any{"min": 1, "max": 3, "cooldown_down": "10s",
		"rules": []any{map[string]any{"metric": "requests", "target": 100}}}, &set)
	b.succeeds(set.Operation)

	base := b.wrk(app, 1) // about 45 requests a second: one instance is enough
	for begin := time.Now(); time.Since(begin) < 12*time.Second; time.Sleep(100 * time.Millisecond) {
		if b.runs(app) != 1 {
			t.Fatal(b.events(app))
		}
	}
	step := time.Now()
	peak := b.wrk(app, 8) // and 350 more: more than three can take by the rule
	b.eventually(time.Minute, func() error {
		if n := b.runs(app); n < 2 {
			return fmt.Errorf("%d run", n)
		}
		return nil
	})
	took, most := time.Since(step), 10*time.Second+start*3/2
	t.Logf("load step to the first new instance serving: %v; raw start of a container: %v; at most %v", took, start, most)
	if took > most {
		t.Errorf("the first new instance served after %v, more than %v", took, most)
	}
	b.eventually(time.Minute, func() error { return b.ready(app, 3) })
	b.answeredBy(app, 3)
	served := peak()
	b.eventually(90*time.Second, func() error { return b.ready(app, 1) })
	t.Logf("%d requests at the peak, %d below, none failed", served, base())

	var events struct {
		Items []struct{ Kind, Text, Cause string }
	}
	b.do("GET", "/api/v1/apps/"+app+"/events", nil, &events)
	out, in := 0, 0
	for _, e := range events.Items {
		if e.Kind != "scaled" {
			continue
		}
		if !strings.Contains(e.Cause, "target 100") && !strings.Contains(e.Text, "target 100") && !strings.Contains(e.Cause+e.Text, "most that you allow") {
			t.Errorf("it does not say why: %+v", e)
		}
		if strings.Contains(e.Text, "to 1 ") {
			in++
		} else {
			out++
		}
	}
	if out == 0 || in == 0 {
		t.Errorf("%d out, %d in: %s", out, in, b.events(app))
	}
}

// An app that nobody asks for sleeps, and the first request wakes it and is answered.
func TestAnAppSleepsAndWakes(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	var set accepted
	b.do("PUT", "/api/v1/apps/"+app+"/scaling", map[string]any{"min": 1, "max": 1, "idle": "10s"}, &set)
	b.succeeds(set.Operation)
	b.eventually(time.Minute, func() error {
		if i := b.info(app); i.State != "asleep" || len(i.Instances) != 0 {
			return fmt.Errorf("%+v", i)
		}
		return nil
	})
	began := time.Now()
	status, body, err := b.get(app, "/")
	if err != nil || status != 200 {
		t.Fatalf("%d %s %v: %s", status, body, err, b.events(app))
	}
	t.Logf("the first request was answered after %v", time.Since(began))
}
