package scale

import (
	"math"
	"slices"
	"time"

	"berth/core"
)

// Past is what was measured of an app, at every step from From on. What was not measured is NaN.
type Past struct {
	From     time.Time
	Step     time.Duration // at most a minute: a longer one would be taken for a pause
	Values   [][]float64   // of each rule, what Load.Values would be; of a metric that divides, of all instances together
	Requests []float64     // a second
}

// Replay decides as Decide does over what was measured, and changes nothing. What it cannot know is what would have been
// measured had more or fewer run: a load that divides is divided by as many as would have run, anything else is taken as
// it was.
func Replay(p core.Scaling, past Past, room Room) core.ScaleReplay {
	steps := len(past.Requests)
	r := core.ScaleReplay{From: past.From, To: past.From.Add(time.Duration(steps) * past.Step), Step: past.Step, Most: p.Min, Load: make([]float64, steps)}
	s := State{Replicas: p.Min}
	limited := core.Text{}
	agenda := readAgenda(p)
	for i := range steps {
		at := past.From.Add(time.Duration(i) * past.Step)
		l := past.load(p, i, s.Replicas)
		r.Load[i] = l.Requests.V
		if !l.Requests.Known {
			r.Load[i] = -1
		}
		r.Measured = r.Measured || l.Requests.Known
		d := Decide(agenda.at(at), s, l, at, room)
		if i > 0 && d.Replicas != s.Replicas {
			r.Acted++
		}
		if limited.IsZero() && !d.Limit.IsZero() {
			if d.Limit.Key == "scale.hosts" {
				r.StoppedByHosts++
			} else {
				r.StoppedByQuota++
			}
		}
		limited = d.Limit
		wanted := d.Replicas
		if !d.Limit.IsZero() {
			wanted = d.Wanted
		}
		if n := len(r.Points); n == 0 || r.Points[n-1].Replicas != d.Replicas || r.Points[n-1].Wanted != wanted {
			r.Points = append(r.Points, core.ScalePoint{At: at, Replicas: d.Replicas, Wanted: wanted})
		}
		r.Most = max(r.Most, d.Replicas)
		s = d.Next
	}
	return r
}

// agenda is a policy whose schedules were read once for many times.
type agenda struct {
	policy    core.Scaling
	schedules []readSchedule // that may be in force, the last one first
}

func readAgenda(p core.Scaling) *agenda {
	a := &agenda{policy: p}
	for _, x := range slices.Backward(p.Schedules) {
		if r, ok := read(x); ok && !x.Off {
			a.schedules = append(a.schedules, r)
		}
	}
	return a
}

// at returns the policy at a time: of its schedules only the one that counts then, as one that always does.
func (a *agenda) at(now time.Time) core.Scaling {
	p := a.policy
	p.Schedules = nil
	for i := range a.schedules {
		if x := &a.schedules[i]; x.inForce(now) {
			p.Schedules = []core.ScaleSchedule{{From: "00:00", To: "00:00", Min: x.Min, Max: x.Max, Replicas: x.Replicas}}
			break
		}
	}
	return p
}

// load is what would have been measured at a step, had n instances run.
func (past Past) load(p core.Scaling, i, n int) Load {
	l := Load{Ready: n, Requests: known(past.Requests[i])}
	l.Active = l.Requests.Known && l.Requests.V > 0
	l.Unsure = !l.Requests.Known
	for k, r := range p.Rules {
		v := known(past.Values[k][i])
		if divides(r.Metric) {
			v.V /= float64(max(n, 1))
		}
		l.Values = append(l.Values, v)
	}
	return l
}

// divides leaves memory out: what a program takes by itself does not become less with more of it.
func divides(m core.ScaleMetric) bool { return m.Divides() && m != core.ScaleMemory }

func known(v float64) Value {
	if math.IsNaN(v) {
		return Value{}
	}
	return Value{v, true}
}
