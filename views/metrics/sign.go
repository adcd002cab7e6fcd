package metrics

import (
	"strings"

	"berth/core"
)

// signs are the kinds of events that explain a bend in a chart.
var signs = map[string]string{"online": "release", "online_service": "release", "release_failed": "release", "canary_share": "release",
	"canary_promoted": "release", "canary_aborted": "release", "crashed": "crash", "silent": "crash", "unhealthy": "crash",
	"ended": "crash", "vanished": "crash", "halted": "crash", "fell_asleep": "scale", "woken": "scale"}

// Sign returns how an event is marked in charts: "release", "crash", "scale", or "" when it is not.
func Sign(e core.Event) string {
	if strings.HasPrefix(e.Kind, "scal") {
		return "scale"
	}
	return signs[e.Kind]
}
