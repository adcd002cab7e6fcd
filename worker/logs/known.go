package logs

import "time"

// known are the times of the lines of an instance that the store has from earlier, and of which the engine still gives
// lines again. It is let go as those come.
type known struct {
	at     map[int64]bool
	newest int64
}

func newKnown(times []time.Time) *known {
	k := &known{at: make(map[int64]bool, len(times))}
	for _, t := range times {
		k.at[t.UnixNano()] = true
		k.newest = max(k.newest, t.UnixNano())
	}
	return k
}

// take reports whether the store has the line of a time, which comes once.
func (k *known) take(t time.Time) bool {
	at := t.UnixNano()
	has := k.at[at]
	delete(k.at, at)
	if len(k.at) == 0 || at > k.newest {
		k.at = nil // a map keeps its room
	}
	return has
}
