package e2e

import (
	"fmt"
	"testing"
	"time"

	"berth/e2e/testenv"
)

type diagnosed struct {
	State, Headline, Because, Next, Link string
	Steps                                []struct {
		Name, State, Text string
		Lines             []string
	}
}

func (b *Berth) diagnosis(app string) (d diagnosed) {
	b.t.Helper()
	b.do("GET", "/api/v1/apps/"+app+"/diagnosis", nil, &d)
	return d
}

// explained waits until a step of the diagnosis is in a state.
func (b *Berth) explained(app, step, state string) diagnosed {
	b.t.Helper()
	var d diagnosed
	b.eventually(time.Minute, func() error {
		d = b.diagnosis(app)
		for _, s := range d.Steps {
			if s.Name == step && s.State == state {
				return nil
			}
		}
		return fmt.Errorf("%s is not %s: %+v", step, state, d)
	})
	return d
}

func TestAFailingHealthCheckUnderEachPolicy(t *testing.T) {
	for _, policy := range []string{"restart", "replace", "stop", "tell"} {
		t.Run(policy, func(t *testing.T) {
			b, app := online(t, testenv.ImageOptions{}, map[string]any{"health": map[string]any{"path": "/healthz", "interval": "1s", "policy": policy}})
			if d := b.diagnosis(app); d.State != "good" {
				t.Errorf("before: %+v", d)
			}
			before := b.info(app).Instances[0].ID
			began := time.Now()
			b.get(app, "/sick")
			if policy == "stop" || policy == "tell" {
				d := b.explained(app, "instances", "bad")
				if d.State != "bad" || d.Because == "" || d.Next == "" {
					t.Errorf("%+v", d)
				}
				b.succeeds(b.act(app, "restart"))
				b.answers(app, "version 1.0")
				return
			}
			kind := map[string]string{"restart": "healed", "replace": "replaced"}[policy]
			b.eventually(time.Minute, func() error {
				if err := b.event(app, kind, ""); err != nil {
					return err
				}
				return b.ready(app, 1)
			})
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("healed after %s, want 3 intervals and 2 s at most", took)
			} else {
				t.Logf("healed after %s", took.Round(10*time.Millisecond))
			}
			if after := b.info(app).Instances[0].ID; (after == before) != (policy == "restart") {
				t.Errorf("%s became %s", before, after)
			}
		})
	}
}

func TestOutOfMemoryIsExplained(t *testing.T) {
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"memory": "32MiB"})
	began := time.Now()
	b.get(app, "/oom")
	b.answers(app, "version 1.0")
	t.Logf("serves again after %s", time.Since(began).Round(10*time.Millisecond))
	d := b.explained(app, "exit", "warning")
	for _, s := range d.Steps {
		if s.Name == "exit" && s.Text == "" {
			t.Errorf("%+v", d)
		}
	}
}
