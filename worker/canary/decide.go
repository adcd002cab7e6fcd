// Package canary follows the trials of new versions: it takes the steps that a person set, and ends a trial that goes
// beyond its limits. decide.go decides and does nothing, canary.go asks, counts and has it done.
package canary

import (
	"strconv"
	"time"

	"berth/core"
)

// verdict is what is to become of a trial.
type verdict struct {
	kind   kind
	share  int       // of step
	reason core.Text // of abort
	until  time.Time // of wait: when to look again; zero when nothing is due by itself
}

type kind string

const (
	wait    kind = "wait"
	hold    kind = "hold"    // no step is left, or somebody holds it
	step    kind = "step"    // the candidate gets a larger share
	promote kind = "promote" // it gets all
	abort   kind = "abort"   // what ran before comes back
)

// decide says what is to become of a trial, given what was counted since its share is in force. broken is why the
// candidate does not run well; zero when it does. It is pure.
func decide(c core.Canary, since core.CanaryCounts, broken core.Text, now time.Time) verdict {
	if !c.Open() {
		return verdict{kind: hold}
	}
	if !broken.IsZero() {
		return verdict{kind: abort, reason: broken}
	}
	if c.StepAt.IsZero() {
		return verdict{kind: wait}
	}
	judged := since.Candidate.Answered() >= int64(max(c.Limits.MinRequests, 1))
	if why := beyond(c, since); judged && !why.IsZero() {
		return verdict{kind: abort, reason: why}
	}
	next, more := c.Next()
	due := c.StepAt.Add(c.Stay())
	switch {
	case !more || c.Status == core.CanaryHeld:
		return verdict{kind: hold}
	case now.Before(due):
		return verdict{kind: wait, until: due}
	case since.Candidate.Answered() < int64(c.Limits.MinRequests):
		return verdict{kind: wait} // its requests are counted with every look
	case next.Share >= 100:
		return verdict{kind: promote}
	}
	return verdict{kind: step, share: next.Share}
}

// beyond words which limit the candidate is beyond; zero when it is within all.
func beyond(c core.Canary, since core.CanaryCounts) core.Text {
	candidate, stable := since.Candidate, since.Stable
	rate, limit := candidate.ErrorRate(), c.Limits.Errors
	kv := []string{"version", c.Candidate.Label, "requests", strconv.FormatInt(candidate.Answered(), 10), "rate", percent(rate), "limit", percent(limit)}
	switch {
	case limit == 0:
	case c.Limits.Compare == core.CompareStable && rate-stable.ErrorRate() > limit:
		return core.T("reason.canary_errors_stable", append(kv, "stable", c.Stable.Label, "stable_rate", percent(stable.ErrorRate()))...)
	case c.Limits.Compare == core.CompareTotal && rate > limit:
		return core.T("reason.canary_errors", kv...)
	}
	p95, most := candidate.Latency.Quantile(0.95), time.Duration(c.Limits.Latency)
	if most > 0 && p95 > most {
		return core.T("reason.canary_latency", "version", c.Candidate.Label, "requests", strconv.FormatInt(candidate.Answered(), 10),
			"latency", strconv.FormatInt(p95.Milliseconds(), 10), "limit", strconv.FormatInt(most.Milliseconds(), 10))
	}
	return core.Text{}
}

// percent words a share with at most two decimals: "3.2", "1", "0.05".
func percent(v float64) string {
	return strconv.FormatFloat(float64(int64(v*100+0.5))/100, 'f', -1, 64)
}

// rebased takes in what the gateways have counted now. Counts only grow, so if one went down, a gateway began anew: what
// was counted until then is carried, and counting goes on from here. What the others counted before is not counted
// twice; what happened since the last look is lost, which is little.
func rebased(c core.Canary, now core.CanaryCounts) core.Canary {
	if fell(c.Last.Stable, now.Stable) || fell(c.Last.Candidate, now.Candidate) {
		c.Carried = c.Since(c.Last)
		c.Base = now
	}
	c.Last = now
	return c
}

func fell(before, now core.RequestCounts) bool {
	return now.Requests < before.Requests || now.Classes[4] < before.Classes[4] || now.Failed < before.Failed
}

func itoa(n int) string { return strconv.Itoa(n) }
