package loki

import (
	"iter"
	"time"
)

// window is a span of time, from its first moment to the one behind its last.
type window struct{ from, to time.Time }

// windows are the spans from one end of a time to the other, each longer than the one before but not longer than Loki
// allows: of a log that is dense a moment is looked at, and of one that is sparse all of it.
func windows(from, to time.Time, forward bool) iter.Seq[window] {
	return func(yield func(window) bool) {
		for size := first; from.Before(to); size = min(4*size, longest) {
			w := window{from, to}
			if size := min(size, to.Sub(from)); forward {
				w.to = from.Add(size)
				from = w.to
			} else {
				w.from = to.Add(-size)
				to = w.from
			}
			if !yield(w) {
				return
			}
		}
	}
}
