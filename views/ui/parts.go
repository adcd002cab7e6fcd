package ui

import (
	"context"
	"time"

	"berth/core"
	"berth/views/i18n"
)

// eventIcons are for kinds whose subject says more than their level.
var eventIcons = map[string]string{
	"app_created": "plus", "app_renamed": "name", "delete_requested": "trash", "fetch_requested": "download",
	"release_requested": "flag", "online": "ok", "restart_requested": "restart", "start_requested": "play",
	"stop_requested": "stop", "version_added": "upload", "version_deleted": "trash",
}

func eventIcon(e core.Event) string {
	if icon, ok := eventIcons[e.Kind]; ok && (e.Level == core.LevelInfo || e.Level == core.LevelGood) {
		return icon
	}
	return levelLooks[e.Level].Icon
}

func levelClass(l core.Level) string { return "is-" + levelLooks[l].Kind }

func stepTime(ctx context.Context, s core.Step) string {
	switch {
	case s.Started.IsZero():
		return ""
	case s.Ended.IsZero():
		return i18n.From(ctx).Since(s.Started)
	}
	return i18n.From(ctx).Duration(s.Ended.Sub(s.Started).Round(100 * time.Millisecond))
}

func stepText(ctx context.Context, s core.Step) string {
	if !s.Text.IsZero() {
		return i18n.Text(ctx, s.Text)
	}
	return i18n.T(ctx, "step.hint."+s.Name)
}
