package victoria

import (
	"iter"
	"time"

	"berth/core"
)

// window is a span of time, from its first moment to the one behind its last; a zero one is open.
type window struct{ from, to time.Time }

const (
	firstWindow = time.Second
	growth      = 4
	ahead       = time.Minute // by which clocks go wrong without being wrong
)

// windows are the spans that a search goes through one after the other, each longer than the one before, until it has
// found enough: of a log that is dense a moment is looked at, and of one that is sparse all of it. Left to itself, the
// server halves all the time there is until it comes to the newest lines, and reads a log many times when few match.
func windows(s core.LogSearch, now time.Time) iter.Seq[window] {
	whole := window{s.From, s.To}
	if at := s.Beyond.Time; !at.IsZero() && s.Forward && at.After(whole.from) {
		whole.from = at
	} else if !at.IsZero() && !s.Forward && (whole.to.IsZero() || at.Before(whole.to)) {
		whole.to = at.Add(1)
	}
	if s.Forward {
		return whole.forward(now.Add(ahead))
	}
	return whole.backward(now.Add(ahead))
}

// forward goes from the beginning to the end, or when that is open to now and what is behind it.
func (w window) forward(now time.Time) iter.Seq[window] {
	return func(yield func(window) bool) {
		from, end := w.from, w.to
		if from.IsZero() {
			from = time.Unix(0, 0)
		}
		if end.IsZero() {
			end = now
		}
		for size := firstWindow; from.Before(end); size *= growth {
			to := from.Add(size)
			if !to.Before(end) || size > maxWindow {
				to = end
			}
			if !yield(window{from, to}) {
				return
			}
			from = to
		}
		if w.to.IsZero() {
			yield(window{from, w.to})
		}
	}
}

// backward goes from what is behind now, unless the end is before, back to the beginning.
func (w window) backward(now time.Time) iter.Seq[window] {
	return func(yield func(window) bool) {
		to, begin := w.to, w.from
		if to.IsZero() || to.After(now) {
			if to = now; to.Before(begin) {
				to = begin
			}
			if !yield(window{to, w.to}) {
				return
			}
		}
		for size := firstWindow; to.After(begin); size *= growth {
			from := to.Add(-size)
			if !from.After(begin) || size > maxWindow {
				from = begin
			}
			if !yield(window{from, to}) {
				return
			}
			to = from
		}
	}
}

// maxWindow keeps windows from growing beyond what time can tell.
const maxWindow = 10 * 365 * 24 * time.Hour
