package alert

import (
	"time"

	"berth/core"
)

// finding is what was found when a rule was looked at for one thing.
type finding struct {
	known bool // false when it cannot be told: then nothing changes
	holds bool
	gone  bool // neither the rule nor what it looked at is there any more
	value string
	cause core.Text
}

// change is what came of a look.
type change string

// The changes of an alert.
const (
	unchanged change = ""
	began     change = "began"    // it is pending
	passed    change = "passed"   // it was pending and is over: nobody hears of it
	fired     change = "fired"    // people are to be told, unless it is silenced
	resolved  change = "resolved" // it is over
)

// mostGap is how much time between two looks counts: while nobody looked, and when the clock jumps, it is not known
// what held.
const mostGap = time.Minute

// step returns what becomes of an alert when its rule was looked at; a zero alert is one that has not begun. It is pure,
// and the only place that decides about states.
func step(a core.Alert, r core.AlertRule, f finding, now time.Time) (core.Alert, change) {
	gap := max(0, min(now.Sub(a.SeenAt), mostGap))
	if a.State == "" || a.State == core.AlertResolved {
		if !f.known || !f.holds || f.gone {
			return a, unchanged
		}
		return core.Alert{State: core.AlertPending, BeganAt: now, SeenAt: now, Severity: r.Severity, Rule: r.Text(), Value: f.value, Cause: f.cause}, began
	}
	a.SeenAt = now
	switch {
	case f.gone:
		return over(a, now)
	case !f.known:
		return a, unchanged
	case f.holds:
		return hold(a, r, f, gap, now)
	case a.State == core.AlertPending:
		return over(a, now)
	}
	if a.Clear += gap; a.Clear >= time.Duration(r.For) {
		return over(a, now)
	}
	return a, unchanged
}

func hold(a core.Alert, r core.AlertRule, f finding, gap time.Duration, now time.Time) (core.Alert, change) {
	a.Held += gap
	a.Clear = 0
	a.Severity, a.Rule, a.Value, a.Cause = r.Severity, r.Text(), f.value, f.cause
	if a.State == core.AlertPending && a.Held >= time.Duration(r.For) {
		a.State, a.FiredAt = core.AlertFiring, now
		return a, fired
	}
	return a, unchanged
}

func over(a core.Alert, now time.Time) (core.Alert, change) {
	if a.State == core.AlertPending {
		return core.Alert{}, passed
	}
	a.State, a.ResolvedAt = core.AlertResolved, now
	return a, resolved
}

// tell reports whether people are to be told of an alert now, and notes it: when it fires, again when it still does
// after as long as the rule says, and when it is over if they were told of it. While it is silenced they are not.
func tell(a core.Alert, r core.AlertRule, silenced bool, now time.Time) (core.Alert, bool) {
	due := false
	switch {
	case silenced:
	case a.State == core.AlertFiring && a.NotifiedAt.IsZero():
		due = true
	case a.State == core.AlertFiring:
		due = r.Repeat > 0 && now.Sub(a.NotifiedAt) >= time.Duration(r.Repeat)
	case a.State == core.AlertResolved:
		due = !a.NotifiedAt.IsZero()
	}
	if due {
		a.NotifiedAt = now
	}
	return a, due
}
