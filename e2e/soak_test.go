package e2e

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"berth/e2e/testenv"
)

var (
	soakFor  = flag.Duration("soak", 30*time.Second, "how long TestSoak goes on; make soak takes 5m")
	soakRate = flag.Int("soak-rate", 0, "requests a second of TestSoak; 0 is 200 for a short one and 1,000 for one of a minute or longer")
)

// TestSoak releases, rolls back, scales, kills instances and replaces the program, again and again under a steady load.
// No request fails, and the memory of the program does not grow.
func TestSoak(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 3})
	b.upload(app, "2.0", testenv.ImageOptions{})
	rate := *soakRate
	if rate == 0 {
		rate = 200
		if *soakFor >= time.Minute {
			rate = 1000
		}
	}
	l := b.steady(app, rate)
	acts := []struct {
		name string
		do   func()
	}{
		{"release", func() { b.deploy(app, map[string]any{"version": "2.0", "replicas": 3}) }},
		{"kill", func() { b.killOne(app) }},
		{"rollback", func() { b.succeeds(b.rollback(app, 1)) }},
		{"reload", b.reload},
		{"scale down", func() { b.deploy(app, map[string]any{"replicas": 2}) }},
		{"scale up", func() { b.deploy(app, map[string]any{"replicas": 3}) }},
	}
	done := map[string]int{}
	var memory []int64
	for end, n := time.Now().Add(*soakFor), 0; time.Now().Before(end); n++ {
		act := acts[n%len(acts)]
		before := l.failed.Load()
		act.do()
		done[act.name]++
		b.eventually(2*time.Minute, func() error { return b.ready(app, len(b.info(app).Instances)) })
		if failed := l.failed.Load() - before; failed > 0 {
			t.Errorf("%s: %d requests failed: %s", act.name, failed, l.last())
		}
		if act.name != "reload" { // a new process begins anew
			memory = append(memory, residentOf(b.cmd.Process.Pid))
		}
	}
	l.stop()
	first, last := memory[0], memory[len(memory)-1]
	fmt.Printf("soak of %s: %d requests at %d/s, %d failed; %v; memory %d MiB in the beginning, %d MiB at the end\n", *soakFor,
		l.requests.Load(), rate, l.failed.Load(), done, first>>20, last>>20)
	if l.failed.Load() > 0 || l.requests.Load() < int64(soakFor.Seconds())*int64(rate)/4 {
		t.Errorf("%d of %d requests failed", l.failed.Load(), l.requests.Load())
	}
	if last > first+first/2+32<<20 {
		t.Errorf("memory grew from %d to %d MiB", first>>20, last>>20)
	}
}

// steadyLoad is requests at a rate, whatever the answers take.
type steadyLoad struct {
	requests, failed atomic.Int64
	reason           atomic.Pointer[string]
	stop             func()
}

func (l *steadyLoad) last() string {
	if r := l.reason.Load(); r != nil {
		return *r
	}
	return ""
}

// steady asks for an app so many times a second, on connections that are kept alive, until stop is called.
func (b *Berth) steady(app string, rate int) *steadyLoad {
	const clients = 16
	l := &steadyLoad{}
	end := make(chan struct{})
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 30 * time.Second}
	for range clients {
		all.Go(func() {
			tick := time.NewTicker(time.Second * clients / time.Duration(rate))
			defer tick.Stop()
			for {
				select {
				case <-end:
					return
				case <-tick.C:
					if err := b.askOnce(client, app); err != nil {
						reason := err.Error()
						l.reason.Store(&reason)
						l.failed.Add(1)
					}
					l.requests.Add(1)
				}
			}
		})
	}
	l.stop = sync.OnceFunc(func() { close(end); all.Wait() })
	b.t.Cleanup(l.stop)
	return l
}

func (b *Berth) askOnce(client *http.Client, app string) error {
	req, err := http.NewRequest("GET", b.Gateway+"/", nil)
	if err != nil {
		return err
	}
	req.Host = app + "." + b.Domain
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s", res.Status, body)
	}
	return err
}

// killOne kills one of the containers of an app and waits until another runs in its place.
func (b *Berth) killOne(app string) {
	b.t.Helper()
	c := testenv.Docker(b.t)
	victim := b.containers(c, app)[0].ID
	if err := c.ContainerKill(b.t.Context(), victim, "KILL"); err != nil {
		b.t.Fatal(err)
	}
	b.eventually(time.Minute, func() error {
		info, err := c.ContainerInspect(b.t.Context(), victim)
		if err == nil && !info.State.Running {
			return errors.New("still down")
		}
		return nil
	})
}

// reload starts a newer process that takes over, and waits until the older one is gone.
func (b *Berth) reload() {
	b.t.Helper()
	older := b.cmd.Process
	b.Start()
	b.eventually(stopTime, func() error {
		if older.Signal(syscall.Signal(0)) == nil {
			return errors.New("the older process goes on")
		}
		return nil
	})
}

// residentOf returns the memory of a process that is resident, in bytes.
func residentOf(pid int) int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kib := int64(0)
	if fields := strings.Fields(rest); len(fields) > 0 {
		kib, _ = strconv.ParseInt(fields[0], 10, 64)
	}
	return kib << 10
}
