package logs

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestClockShowsThatItWasSetBack(t *testing.T) {
	earlier := clock{noon, 10 * time.Hour}
	for what, c := range map[string]struct {
		now  clock
		back bool
	}{
		"an hour later":                     {clock{noon.Add(time.Hour), 11 * time.Hour}, false},
		"set forth":                         {clock{noon.Add(3 * time.Hour), 11 * time.Hour}, false},
		"set back behind the earlier":       {clock{noon.Add(-time.Hour), 11 * time.Hour}, true},
		"set back and on again":             {clock{noon.Add(time.Hour), 12 * time.Hour}, true},
		"started again":                     {clock{noon.Add(time.Hour), time.Minute}, false},
		"started again with an early clock": {clock{noon.Add(-time.Hour), time.Minute}, true},
	} {
		if got := c.now.setBackSince(earlier); got != c.back {
			t.Errorf("%s: %v", what, got)
		}
	}
}

// A process that is held up while it reads the clock does not take it for set.
func TestClockIsReadAtOneMoment(t *testing.T) {
	for pauseAt := range 4 {
		var passed time.Duration
		calls := 0
		pause := func() {
			if calls++; calls == pauseAt {
				passed += time.Minute
			}
		}
		now := func() time.Time { defer pause(); return noon.Add(passed) }
		elapsed := func() time.Duration { defer pause(); return passed }
		before := readClock(now, elapsed)
		passed += time.Second
		after := readClock(now, elapsed)
		if after.setBackSince(before) || before.Time.Sub(noon) != before.Elapsed {
			t.Errorf("a pause after reading %d of it looks like a clock that was set: %v, %v", pauseAt, before, after)
		}
	}
}

func TestDurableReadsWhatItWroteBeforeItNotedTheClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "positions")
	must(t, os.WriteFile(path, []byte(`{"a":"2026-03-01T12:00:00Z"}`), 0o600))
	at, err := newDurable(path).load(clock{noon.Add(time.Hour), time.Minute})
	must(t, err)
	if len(at) != 1 || !at["a"].Equal(noon) {
		t.Errorf("it goes on at %v", at)
	}
}

// The collector is killed right after it saw that the clock was set back, and starts again when that does not show any
// more.
func TestDurableWritesDownAtOnceThatPositionsAreForgotten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "positions")
	must(t, newDurable(path).save(progress{positions{"a": noon}, clock{noon, time.Hour}}))
	_, err := newDurable(path).load(clock{noon.Add(-time.Minute), time.Hour + time.Minute})
	must(t, err)
	at, err := newDurable(path).load(clock{noon.Add(2 * time.Minute), time.Hour + 2*time.Minute})
	must(t, err)
	if p, ok := at["a"]; !ok || !p.IsZero() {
		t.Errorf("it goes on at %v", at)
	}
}
