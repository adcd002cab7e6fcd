package health

import (
	"context"
	"time"

	"berth/core"
)

// guessPatience is what a program is given to answer at core.AutoPath before it is taken for one that does not.
const guessPatience = time.Second

// guess asks by HTTP at core.AutoPath and, of a program that does not answer there, whether it accepts connections.
// Which of both it is, is settled once for each start.
func (m *Monitor) guess(ctx context.Context, w *watch, q *question) (core.Probe, error) {
	timeout := time.Duration(w.check.Timeout)
	if q.guessed.Kind != "" {
		return q.guessed, m.prober.Probe(ctx, w.instance.Address, q.guessed, timeout)
	}
	ping, connect := core.Probe{Kind: core.ProbeHTTP, Path: core.AutoPath}, core.Probe{Kind: core.ProbeTCP}
	err := m.prober.Probe(ctx, w.instance.Address, ping, min(timeout, guessPatience))
	switch problem := core.ErrorMessage(err); {
	case err == nil:
		q.guessed = ping
		return ping, nil
	case problem.Key == "health.refused":
		return connect, err
	case problem.Key == "health.status" && problem.Args["status"] == "503": // there, and not ready yet
		return ping, err
	}
	if err = m.prober.Probe(ctx, w.instance.Address, connect, timeout); err == nil {
		q.guessed = connect
	}
	return connect, err
}

// own returns what the image's own check gave since the last time. An engine that does not answer says nothing about
// the instance.
func (m *Monitor) own(ctx context.Context, w *watch, q *question) []core.HealthAnswer {
	engine, err := m.engines.Engine(w.instance.HostID)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := engine.Inspect(ctx, w.instance.ContainerID)
	if err != nil || !c.Running {
		return nil
	}
	var answers []core.HealthAnswer
	for _, check := range c.Checks {
		if check.At.Before(c.StartedAt) || !check.At.After(q.seen) {
			continue
		}
		q.seen = check.At
		a := core.HealthAnswer{At: check.At, Took: check.Took, Asked: q.probe}
		if !check.Good {
			a.Problem = core.T("health.own", "output", check.Output)
			if check.Output == "" {
				a.Problem = core.T("health.own_silent")
			}
		}
		answers = append(answers, a)
	}
	return answers
}
