package logs

import (
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

func TestCursorsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := positions{}
		for _, id := range rapid.SliceOfN(rapid.StringMatching(`[0-9a-f]{12}`), 0, 20).Draw(t, "ids") {
			p[id] = time.Unix(0, rapid.Int64Min(0).Draw(t, "time")).UTC()
		}
		got, err := decodeCursor(p.encode())
		if err != nil || !maps.Equal(got, p) {
			t.Fatalf("got %v, %v; want %v", got, err, p)
		}
	})
}

func TestCursorsMayBeAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if _, err := decodeCursor(rapid.String().Draw(t, "cursor")); err != nil && core.ErrorCode(err) != core.EINVALID {
			t.Fatal(err)
		}
	})
}

// What a queue gives and what it says it dropped is all that was put in, in order, and it never holds more than it may.
func TestQueueCountsWhatItDrops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := newQueue()
		pushed, accounted := 0, 0
		var last time.Time
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			text := strings.Repeat("x", rapid.SampledFrom([]int{1, 100, core.MaxLogLine}).Draw(t, "size"))
			for range rapid.IntRange(0, 300).Draw(t, "push") {
				pushed++
				q.push(core.LogLine{Time: time.Unix(int64(pushed), 0), Line: text})
			}
			if q.count > maxQueued || q.bytes > maxQueuedBytes {
				t.Fatalf("holds %d lines, %d bytes", q.count, q.bytes)
			}
			for range rapid.IntRange(0, 300).Draw(t, "pop") {
				l, ok := q.pop()
				if !ok {
					break
				}
				accounted += 1 + l.Dropped
				if !l.Time.After(last) {
					t.Fatal("out of order")
				}
				last = l.Time
			}
		}
		for l, ok := q.pop(); ok; l, ok = q.pop() {
			accounted += 1 + l.Dropped
		}
		if accounted != pushed || q.bytes != 0 {
			t.Fatalf("%d of %d lines accounted for, %d bytes held", accounted, pushed, q.bytes)
		}
	})
}
