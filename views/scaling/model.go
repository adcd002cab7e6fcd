// Package scaling has the page that says how the number of an app's instances follows its load, and the form of it.
package scaling

import (
	"context"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Page says what is in force and why, and asks for something else. Its inputs are named by their row: "rules.0.threshold".
type Page struct {
	Page  layout.Page
	Head  app.Head
	View  core.ScalingView
	Form  ui.Form
	Rules []Rule
	Hours []Hours
	Trial Trial
}

// Inputs are the fields beside the rows that show what is wrong with them.
var Inputs = []string{"replicas", "min", "max", "cooldown_up", "cooldown_down", "idle", "rules", "schedules"}

// known are all the inputs that show a fault.
func (m Page) known() []string {
	all := Inputs
	for i := range m.Rules {
		for _, name := range []string{"metric", "threshold", "window", "count"} {
			all = append(all[:len(all):len(all)], RuleField(i, name))
		}
	}
	for i := range m.Hours {
		for _, name := range []string{"days", "from", "to", "cron", "for", "zone", "min", "max"} {
			all = append(all[:len(all):len(all)], HoursField(i, name))
		}
	}
	return all
}

// Trial is what the rules as they are typed would have done.
type Trial struct {
	URL    string // that tries them
	Quota  string // where more is asked for
	Load   bool   // it is asked for as soon as the page is there
	Known  bool
	Replay core.ScaleReplay
	Wanted int         // the most that may run
	Faults []core.Text // why it cannot be tried
}

// now says how many run, and within which bounds.
func now(ctx context.Context, v core.ScalingView) string {
	switch {
	case v.Asleep:
		return i18n.T(ctx, "scaling.asleep")
	case v.On():
		return i18n.T(ctx, "scaling.between", "count", v.Replicas, "min", strconv.Itoa(v.Min), "max", strconv.Itoa(v.Max))
	}
	return i18n.T(ctx, "scaling.by_hand", "count", v.Replicas)
}

// won reports whether the rule asked for the most when it was last decided. None does while the least that may run is
// enough.
func won(v core.ScalingView, r core.ScaleRule) bool {
	least, _ := v.Range()
	return !r.Off && v.Status.Rule == r.String() && v.Status.Wanted > least
}

func acted(v core.ScalingView, r core.ScaleRule) (core.ScaleMove, bool) {
	move, ok := v.Status.Acted[r.String()]
	return move, ok
}

// short reports whether fewer fit than may be wanted.
func short(v core.ScalingView) bool {
	_, most := v.Range()
	return v.On() && v.Room.Replicas < most && !v.Room.Text.IsZero()
}

// ofRoom reports whether what keeps instances from running is the quota or the machines, and not a pause.
func ofRoom(limit core.Text) bool {
	return limit.Key == "scale.hosts" || limit.Key == "scale.budget" || strings.HasPrefix(limit.Key, "scale.quota")
}

// noRoom says what there is too little of: for what is wanted now, else for the most that may be.
func noRoom(v core.ScalingView) core.Text {
	switch {
	case ofRoom(v.Status.Limit):
		return v.Status.Limit
	case short(v):
		return v.Room.Text
	}
	return core.Text{}
}

// roomFor says that fewer fit than the rules may ask for.
func roomFor(ctx context.Context, most int, room core.Room) string {
	key := "scaling.short"
	if room.Text.Key == "scale.hosts" {
		key = "scaling.short_hosts"
	}
	return i18n.T(ctx, key, "most", strconv.Itoa(most), "room", strconv.Itoa(room.Replicas))
}

// durations are what a time is chosen from, with the one that is chosen among them.
func durations(chosen string, offered ...time.Duration) []time.Duration {
	d, err := time.ParseDuration(chosen)
	if err != nil || d == 0 {
		return offered
	}
	var all []time.Duration
	for _, o := range offered {
		if d != 0 && d <= o {
			if d < o {
				all = append(all, d)
			}
			d = 0
		}
		all = append(all, o)
	}
	if d != 0 {
		all = append(all, d)
	}
	return all
}

// same reports whether a choice is the one that was made.
func same(chosen string, d time.Duration) bool {
	c, err := time.ParseDuration(chosen)
	return err == nil && c == d
}
