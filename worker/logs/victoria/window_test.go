package victoria

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
)

// The windows of a search touch each other, go one way, and together are all that is searched.
func TestWindowsCoverTheSearch(t *testing.T) {
	now := time.Now()
	rapid.Check(t, func(t *rapid.T) {
		moment := func(name string) time.Time {
			if rapid.Bool().Draw(t, name+" open") {
				return time.Time{}
			}
			return now.Add(time.Duration(rapid.Int64Range(-int64(40*24*time.Hour), int64(time.Hour)).Draw(t, name)))
		}
		s := core.LogSearch{From: moment("from"), To: moment("to"), Forward: rapid.Bool().Draw(t, "forward")}
		s.Beyond.Time = moment("beyond")
		var all []window
		for w := range windows(s, now) {
			all = append(all, w)
		}
		if len(all) > 30 {
			t.Fatalf("%d windows", len(all))
		}
		for i := 1; i < len(all); i++ {
			if s.Forward && !all[i].from.Equal(all[i-1].to) || !s.Forward && !all[i].to.Equal(all[i-1].from) {
				t.Fatalf("window %d is %v, behind %v", i, all[i], all[i-1])
			}
		}
		at := now.Add(time.Duration(rapid.Int64Range(-int64(50*24*time.Hour), int64(48*time.Hour)).Draw(t, "at")))
		want := (s.From.IsZero() || !at.Before(s.From)) && (s.To.IsZero() || at.Before(s.To))
		if b := s.Beyond.Time; !b.IsZero() {
			want = want && (s.Forward && !at.Before(b) || !s.Forward && !at.After(b))
		}
		found := 0
		for _, w := range all {
			if (w.from.IsZero() || !at.Before(w.from)) && (w.to.IsZero() || at.Before(w.to)) {
				found++
			}
		}
		if want != (found == 1) || found > 1 {
			t.Fatalf("%v is in %d of the windows %v, want %v", at, found, all, want)
		}
	})
}
