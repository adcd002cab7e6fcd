package e2e

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"

	"berth/e2e/testenv"
)

type diagnosed struct {
	State, Headline, Because, Next, Link string
	Steps                                []diagnosedStep
}

type diagnosedStep struct {
	Name, State, Text string
	Details, Lines    []string
}

func (b *Berth) diagnosis(app string) (d diagnosed) {
	b.t.Helper()
	b.do("GET", "/api/v1/apps/"+app+"/diagnosis", nil, &d)
	return d
}

// explained waits until a step of the diagnosis is in a state.
func (b *Berth) explained(app, step, state string) (diagnosed, diagnosedStep) {
	b.t.Helper()
	var d diagnosed
	var found diagnosedStep
	b.eventually(time.Minute, func() error {
		d = b.diagnosis(app)
		for _, s := range d.Steps {
			if s.Name == step && s.State == state {
				found = s
				return nil
			}
		}
		return fmt.Errorf("%s is not %s: %+v", step, state, d)
	})
	return d, found
}

func TestAFailingHealthCheckUnderEachPolicy(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	for _, policy := range []string{"restart", "replace", "tell", "stop"} {
		b.deploy(app, map[string]any{"health": map[string]any{"path": "/healthz", "interval": "1s", "policy": policy}})
		b.explained(app, "health", "good")
		before := b.info(app).Instances[0].ID
		b.get(app, "/sick")
		if policy == "stop" || policy == "tell" {
			d, _ := b.explained(app, "instances", "bad")
			if d.State != "bad" || d.Next == "" || !strings.Contains(d.Headline+d.Because, "503, expected 200-399") {
				t.Errorf("%s: %+v", policy, d)
			}
			b.succeeds(b.act(app, "restart"))
			b.answers(app, "version 1.0")
			continue
		}
		kind := map[string]string{"restart": "healed", "replace": "replaced"}[policy]
		b.eventually(time.Minute, func() error { return cmp.Or(b.event(app, kind, ""), b.ready(app, 1)) })
		b.answers(app, "version 1.0")
		if after := b.info(app).Instances[0].ID; (after == before) != (policy == "restart") {
			t.Errorf("%s: %s became %s", policy, before, after)
		}
	}
}

// TestAnInstanceIsAskedByWhatItSpeaks has a program that says by gRPC, and by its image's own check, that it is not
// well.
func TestAnInstanceIsAskedByWhatItSpeaks(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{HealthCheck: []string{"CMD", "/testapp", "check"}}, nil)
	for kind, problem := range map[string]string{"grpc": "not serving", "image": "the server is not well"} {
		b.deploy(app, map[string]any{"health": map[string]any{"kind": kind, "interval": "1s", "policy": "tell"}})
		b.eventually(time.Minute, func() error { return b.answered(app, kind, "") })
		b.get(app, "/sick")
		b.eventually(time.Minute, func() error { return b.answered(app, kind, problem) })
		if d, s := b.explained(app, "health", "bad"); !strings.Contains(d.Headline, problem) || s.Text != d.Headline {
			t.Errorf("%s: %+v", kind, d)
		}
		b.succeeds(b.act(app, "restart"))
	}
}

// answered reports whether the newest answer of an app's instance was asked for in a way and has a problem.
func (b *Berth) answered(app, asked, problem string) error {
	i := b.info(app).Instances
	if len(i) != 1 || len(i[0].Health) == 0 || i[0].Health[0].Asked != asked || i[0].Health[0].Good != (problem == "") ||
		!strings.Contains(i[0].Health[0].Problem, problem) {
		return fmt.Errorf("want %q asked by %s: %+v", problem, asked, i)
	}
	return nil
}

// TestACrashLoopBacksOffAndIsExplained has a program end again and again, by itself and by a signal, until it waits;
// a version that is mended does not wait.
func TestACrashLoopBacksOffAndIsExplained(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, nil)
	var member struct{ Token string }
	b.do("POST", "/api/v1/tenants/acme/tokens", map[string]any{"name": "laptop", "scope": "deploy"}, &member)
	b.token = member.Token // an operator is not shown what the program wrote
	t.Cleanup(func() { b.token = bootstrapToken })
	var i instance
	for n := 1; n <= 4; n++ {
		b.answers(app, "version 1.0")
		if n == 2 {
			b.kill(c, app)
		} else {
			b.get(app, "/crash?code=3")
		}
		b.eventually(time.Minute, func() error {
			if list := b.info(app).Instances; len(list) == 1 && list[0].Crashes == n && list[0].Status == "running" {
				i = list[0]
				return nil
			}
			return fmt.Errorf("not back after %d crashes", n)
		})
		pause := map[int]time.Duration{2: time.Second, 3: 2 * time.Second, 4: 4 * time.Second}[n]
		if waited := i.StartedAt.Sub(i.LastExit.At); waited < pause {
			t.Errorf("after %d crashes it waited %s, want %s at least", n, waited, pause)
		}
		want, signal := 3, ""
		if n == 2 {
			want, signal = 137, "SIGKILL"
		}
		if i.LastExit.Code != want || i.LastExit.Signal != signal || i.LastExit.OOM {
			t.Errorf("crash %d: %+v", n, i.LastExit)
		}
	}
	b.answers(app, "version 1.0")
	b.get(app, "/crash?code=3")
	d, s := b.explained(app, "exit", "bad")
	if said := strings.Join(s.Lines, "\n"); !strings.Contains(said, "crashing with 3") || !strings.Contains(s.Text, "code 3") ||
		!strings.Contains(strings.Join(s.Details, " "), "5 times in a row") || d.Because != s.Text {
		t.Errorf("%+v", d)
	}
	b.upload(app, "2.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "2.0"})
	b.answers(app, "version 2.0")
	if list := b.info(app).Instances; len(list) != 1 || list[0].Crashes != 0 {
		t.Errorf("the mended version: %+v", list)
	}
}

// kill ends the program of an app's instance with no chance to tidy up.
func (b *Berth) kill(c *client.Client, app string) {
	b.t.Helper()
	if err := c.ContainerKill(b.t.Context(), b.theContainer(c, app), "KILL"); err != nil {
		b.t.Fatal(err)
	}
}
