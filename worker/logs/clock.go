package logs

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock is a moment as the machine's clock has it, and as time passed.
type clock struct {
	Time    time.Time     `json:"time"`
	Elapsed time.Duration `json:"elapsed"` // since the machine started
}

// step is the least by which a clock is set: less passes between two looks, and an engine is asked for lines from a
// little earlier anyway.
const step = 100 * time.Millisecond

// readClock returns what now and elapsed say at one moment: with a pause between them, the clock would seem to be set.
func readClock(now func() time.Time, elapsed func() time.Duration) clock {
	for {
		before := elapsed()
		c := clock{now().Round(0), before} // Round: by the clock alone
		if elapsed()-before < step/2 {
			return c
		}
	}
}

// setBackSince reports whether the clock was set back after an earlier moment, on the whole. If the machine was off
// meanwhile, that shows only when it is earlier now.
func (c clock) setBackSince(earlier clock) bool {
	if c.Elapsed < earlier.Elapsed {
		return c.Time.Before(earlier.Time)
	}
	return c.Time.Sub(earlier.Time) < c.Elapsed-earlier.Elapsed-step
}

// sinceBoot returns how long the machine has been on or asleep.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0 // then no set-back shows but one that goes behind what was noted
	}
	return time.Duration(t.Nano())
}
