// Package scale decides how many instances of an app run. It is pure: what it knows is in its arguments.
//
// The core is that of the Horizontal Pod Autoscaler of Kubernetes
// (https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details):
//
//	desired = ceil(current * value / target), left alone while value/target is within a tenth of 1,
//
// the largest of several rules wins, and on the way down the most that was asked for within the cool-down is kept
// (its "stabilization window").
package scale

import (
	"math"
	"slices"
	"strconv"
	"time"

	"berth/core"
)

const (
	tolerance = 0.1 // of a target, within which nothing changes
	spare     = 0.9 // of a threshold that adds: what fewer instances may come to, so that they do not come back
	late      = time.Minute
)

// State is what is remembered from one decision to the next. The zero value, with Replicas, begins anew.
type State struct {
	Replicas  int // in force; 0 when asleep
	Asleep    bool
	Looked    time.Time // the last decision
	Asked     []Asked   // within the cool-down, oldest first
	RaisedAt  time.Time
	IdleSince time.Time // the last sign of a request
	TooMuch   float64   // requests a second and instance at which a rule asked for more that cannot be divided; 0 is not known
}

// Asked is what the rules asked for at a time.
type Asked struct {
	At       time.Time
	Replicas int
}

// Load is what was measured.
type Load struct {
	Values   []Value // of the rules, in their order
	Ready    int     // of Replicas, how many answer
	Requests Value   // a second, of all instances together
	Active   bool    // a request is under way, or came since the last decision
	Unsure   bool    // a gateway's counts are missing: few requests are no sign of rest
	Busy     bool    // a release is on its way, or nobody may know what runs: nothing is taken away
	Awake    bool    // something else than requests has it stay awake
}

// Value is a measurement: of a metric that divides, the mean of an instance.
type Value struct {
	V     float64
	Known bool
}

// Room is how many instances there is room for, whatever is asked for.
type Room struct {
	Quota, Hosts         int
	QuotaText, HostsText core.Text // what there is too little of
}

// Unlimited is a Room for everything.
var Unlimited = Room{Quota: core.MaxReplicas, Hosts: core.MaxReplicas}

// Decision is what is to run from now on, and why.
type Decision struct {
	Replicas int // 0 when asleep
	Asleep   bool
	Wanted   int       // what was asked for, room aside
	Rule     int       // the one that asked for the most; -1 when none did
	Why      core.Text // in a sentence
	Limit    core.Text // what keeps Replicas below Wanted
	Next     State     // for the next decision
}

// Decide says how many instances are to run. Without Max it leaves everything as it is.
func Decide(p core.Scaling, s State, l Load, now time.Time, room Room) Decision {
	d := &decider{p: p, s: s, l: l, now: now, n: s.Replicas}
	if !p.On() {
		return Decision{Replicas: s.Replicas, Asleep: s.Asleep, Wanted: s.Replicas, Rule: -1, Next: s}
	}
	d.low, d.high, d.by = Bounds(p, now)
	d.begin()
	if d.sleeps() {
		return d.asleep()
	}
	if s.Asleep {
		d.n = 0
	}
	want, rule, why := d.ask()
	want, why = d.bound(want, why)
	d.remember(want)
	got, hold := d.cool(want)
	if !hold.IsZero() && got == d.n && got != want { // what goes by some only goes for the reason of the rule
		why = hold
	}
	run, limit := d.fit(got, room)
	return d.decision(run, max(want, run), rule, why, limit)
}

type decider struct {
	p         core.Scaling
	s         State
	l         Load
	now       time.Time
	n         int // instances in force
	low, high int
	by        *core.ScaleSchedule
}

// begin starts the memory anew after a pause: at the start, and when the clock jumped. Otherwise a jump by an hour would
// end every cool-down at once.
func (d *decider) begin() {
	pause := d.now.Sub(d.s.Looked)
	if d.s.Looked.IsZero() || pause > late || pause < 0 {
		d.s.Asked = []Asked{{d.now, d.n}}
		d.s.RaisedAt, d.s.IdleSince = time.Time{}, d.now
	}
	if d.l.Active || d.l.Unsure || d.l.Busy || d.l.Awake || d.s.IdleSince.IsZero() {
		d.s.IdleSince = d.now
	}
	d.s.Looked = d.now
}

// sleeps reports whether nothing is to run until the next request.
func (d *decider) sleeps() bool {
	switch {
	case d.p.Idle == 0 || d.by != nil && d.by.Min+d.by.Replicas > 0: // a schedule has some run
		return false
	case d.s.Asleep:
		return !d.l.Active && !d.l.Awake && !d.l.Busy
	}
	return d.now.Sub(d.s.IdleSince) >= time.Duration(d.p.Idle)
}

func (d *decider) asleep() Decision {
	d.s.Asked = nil
	return d.decision(0, 0, -1, core.T("scale.idle", "idle", short(time.Duration(d.p.Idle))), core.Text{})
}

func (d *decider) decision(run, want, rule int, why, limit core.Text) Decision {
	if run > d.n {
		d.s.RaisedAt = d.now
	}
	d.s.Replicas, d.s.Asleep = run, run == 0
	return Decision{Replicas: run, Asleep: run == 0, Wanted: want, Rule: rule, Why: why, Limit: limit, Next: d.s}
}

// ask returns what the rule wants that asks for the most. A rule whose metric is not known asks for what there is.
func (d *decider) ask() (want, rule int, why core.Text) {
	if d.n == 0 {
		return d.low, -1, core.T("scale.woken")
	}
	rule = -1
	missing, easy, hard := 0, 0, 0 // easy and hard: rules whose metric does not divide, by whether they ask for fewer
	for i, r := range d.p.Rules {
		if r.Off {
			continue
		}
		v := Value{}
		if i < len(d.l.Values) {
			v = d.l.Values[i]
		}
		if !v.Known || math.IsNaN(v.V) || math.IsInf(v.V, 0) || v.V < 0 || d.l.Ready == 0 {
			missing++
			continue
		}
		n := d.asks(r, v.V)
		if rule < 0 || n > want {
			want, rule, why = n, i, words(r, v.V, n, d.n)
		}
		switch {
		case r.Metric.Divides() || r.Metric == core.ScaleTotal:
		case n < d.n:
			easy++
		default:
			hard++
			if n > d.n && d.l.Requests.Known {
				d.s.TooMuch = d.each()
			}
		}
	}
	if easy > 0 && hard+missing == 0 && d.l.Requests.Known && d.each() >= d.s.TooMuch {
		d.s.TooMuch = 0 // something else than the load was the reason, or it is over
	}
	switch {
	case rule < 0 && missing == 0:
		return d.low, -1, core.T("scale.no_rules")
	case missing > 0 && want < d.n:
		return d.n, -1, core.T("scale.not_measured")
	case want < d.n && d.served() > want:
		return min(d.n, d.served()), rule, core.T("scale.present_load")
	}
	return want, rule, why
}

// each is how many requests a second each instance that answers has.
func (d *decider) each() float64 { return d.l.Requests.V / float64(d.l.Ready) }

// served is the fewest instances that stay clear of what proved too much for one.
func (d *decider) served() int {
	if d.s.TooMuch <= 0 || !d.l.Requests.Known {
		return 0
	}
	return ceil(d.l.Requests.V / (spare * d.s.TooMuch))
}

// asks returns how many instances a rule asks for at a value of its metric.
func (d *decider) asks(r core.ScaleRule, v float64) int {
	if r.Target > 0 {
		return d.toTarget(r, v)
	}
	add, run, remove := 0, 0, 0
	lowest, below := math.Inf(1), false
	for _, s := range r.Steps {
		switch {
		case s.Below > 0:
			below = true
			if v < s.Below {
				remove = max(remove, s.Remove)
			}
		default:
			lowest = min(lowest, s.Above)
			if v > s.Above {
				add, run = max(add, s.Add), max(run, s.Run)
			}
		}
	}
	switch {
	case add > 0 && !d.settled(r):
		return max(d.n, run)
	case add > 0 || v > lowest && run > 0:
		return max(d.n+add, run)
	case r.Metric == core.ScaleTotal && !math.IsInf(lowest, 1) && onlyRun(r) && !below:
		return 0 // how many run has no part in it, so that fewer change nothing
	case remove > 0:
		return max(d.n-remove, d.calm(r, v, lowest))
	case below:
		return d.n
	}
	return d.calm(r, v, lowest)
}

func onlyRun(r core.ScaleRule) bool {
	return !slices.ContainsFunc(r.Steps, func(s core.ScaleStep) bool { return s.Run == 0 })
}

// settled reports whether what was raised last has had its effect on the metric.
func (d *decider) settled(r core.ScaleRule) bool {
	return d.l.Ready >= d.n && (d.s.RaisedAt.IsZero() || d.now.Sub(d.s.RaisedAt) >= r.Over())
}

func (d *decider) toTarget(r core.ScaleRule, v float64) int {
	ratio := v / r.Target
	if d.l.Ready >= d.n && math.Abs(ratio-1) <= tolerance {
		return d.n
	}
	if r.Metric.Divides() {
		return d.divided(v, r.Target)
	}
	switch {
	case d.l.Ready < d.n || !d.settled(r):
		return d.n // those that are starting will help
	case ratio > 1:
		return min(ceil(float64(d.n)*ratio), 2*d.n)
	case ratio < 0.5:
		return d.n - 1
	}
	return d.n
}

// divided returns how many instances bring a metric that divides down to limit. Of those that do not answer yet none
// carries anything, and on the way down none can be spared.
func (d *decider) divided(v, limit float64) int {
	needed := ceil(v * float64(d.l.Ready) / limit)
	if needed > d.n {
		return needed
	}
	return min(d.n, needed+d.n-min(d.l.Ready, d.n))
}

// calm returns the fewest instances with which a rule that adds above a threshold has nothing to add.
func (d *decider) calm(r core.ScaleRule, v, threshold float64) int {
	switch {
	case math.IsInf(threshold, 1):
		return 0
	case r.Metric.Divides():
		return min(d.n, d.divided(v, spare*threshold))
	case d.l.Ready >= d.n && v < threshold/2:
		return d.n - 1
	}
	return d.n
}

// bound keeps what is asked for within the bounds, and says who set them when they decide.
func (d *decider) bound(want int, why core.Text) (int, core.Text) {
	bounded := min(max(want, d.low), d.high)
	switch {
	case bounded == want:
	case d.by != nil:
		why = core.T("scale.schedule", "min", itoa(d.low), "max", itoa(d.high))
	case bounded > want && d.n > 0:
		if bounded < d.n {
			break // it goes down to the least, for the reason of the rule
		}
		why = core.T("scale.least", "min", itoa(d.low))
	case bounded < want:
		why = core.T("scale.most", "max", itoa(d.high), "wanted", itoa(want))
	}
	return bounded, why
}

// remember keeps what was asked for within the cool-down.
func (d *decider) remember(want int) {
	from := d.now.Add(-d.p.DownAfter())
	kept := slices.Clone(d.s.Asked)
	kept = slices.DeleteFunc(kept, func(a Asked) bool { return a.At.Before(from) })
	for len(kept) > 0 && kept[len(kept)-1].Replicas <= want {
		kept = kept[:len(kept)-1] // a later and larger one lasts longer
	}
	d.s.Asked = append(kept, Asked{d.now, want})
}

// cool holds back what comes too soon after the last change. Bounds hold at once.
func (d *decider) cool(want int) (int, core.Text) {
	switch {
	case want > d.n && d.n >= d.low && !d.s.RaisedAt.IsZero() && d.now.Sub(d.s.RaisedAt) < d.p.UpAfter():
		return d.n, core.T("scale.cooling_up", "wanted", itoa(want), "cooldown", short(d.p.UpAfter()))
	case want >= d.n:
		return want, core.Text{}
	case d.l.Busy:
		return min(d.n, d.high), core.T("scale.busy")
	case d.l.Unsure:
		return min(d.n, d.high), core.T("scale.not_measured")
	}
	most := want
	for _, a := range d.s.Asked {
		most = max(most, a.Replicas)
	}
	held := min(d.n, most, d.high)
	return held, core.T("scale.cooling_down", "wanted", itoa(want), "cooldown", short(d.p.DownAfter()))
}

// fit bounds what grows by the room that there is.
func (d *decider) fit(want int, room Room) (int, core.Text) {
	if want <= d.n {
		return want, core.Text{}
	}
	run, limit := want, core.Text{}
	if room.Quota < run {
		run, limit = room.Quota, core.T("scale.quota", "wanted", itoa(want), "room", itoa(max(room.Quota, d.n)))
		if !room.QuotaText.IsZero() {
			limit = withArgs(room.QuotaText, limit.Args)
		}
	}
	if room.Hosts < run {
		run, limit = room.Hosts, core.T("scale.hosts", "wanted", itoa(want), "room", itoa(max(room.Hosts, d.n)))
	}
	return max(run, d.n), limit
}

func withArgs(t core.Text, args map[string]string) core.Text {
	all := core.Text{Key: t.Key, Args: map[string]string{}}
	for _, m := range []map[string]string{t.Args, args} {
		for k, v := range m {
			all.Args[k] = v
		}
	}
	return all
}

func ceil(v float64) int {
	if v > 1e6 {
		return 1e6
	}
	return int(math.Ceil(v - 1e-9))
}

func itoa(n int) string { return strconv.Itoa(n) }
