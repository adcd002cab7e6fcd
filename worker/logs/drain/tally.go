package drain

import (
	"sync"
	"time"

	"berth/core"
)

// tally is what became of the lines of a drain since the last report.
type tally struct {
	mu      sync.Mutex
	since   core.DrainReport
	changed bool
}

func (t *tally) sent(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since.Sent += int64(n)
	t.since.SentAt = time.Now()
	t.since.Fault, t.since.FaultAt = core.Text{}, time.Time{}
	t.changed = true
}

func (t *tally) lost(why core.Text) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since.Lost++
	t.since.LostFor = why
	t.since.Fault, t.since.FaultAt = core.Text{}, time.Time{} // it answers
	t.changed = true
}

// waits says why lines wait, and since when they do.
func (t *tally) waits(why core.Text) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.since.FaultAt.IsZero() {
		t.since.FaultAt = time.Now()
	}
	t.since.Fault = why
	t.changed = true
}

// take returns the report; it begins anew, but for how the drain stands.
func (t *tally) take() (since core.DrainReport, changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	since, changed = t.since, t.changed
	t.since, t.changed = core.DrainReport{Fault: since.Fault, FaultAt: since.FaultAt}, false
	return since, changed
}

// giveBack adds a report that could not be made.
func (t *tally) giveBack(r core.DrainReport) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since.Sent += r.Sent
	t.since.Lost += r.Lost
	if t.since.SentAt.IsZero() {
		t.since.SentAt = r.SentAt
	}
	if t.since.LostFor.IsZero() {
		t.since.LostFor = r.LostFor
	}
	t.changed = true
}
