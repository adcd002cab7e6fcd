package metrics

import (
	"testing"

	"berth/core"
)

func TestSignsOfEvents(t *testing.T) {
	for kind, want := range map[string]string{
		"online": "release", "online_service": "release", "release_failed": "release",
		"canary_share": "release", "canary_promoted": "release", "canary_aborted": "release",
		"crashed": "crash", "silent": "crash", "unhealthy": "crash", "ended": "crash", "vanished": "crash", "halted": "crash",
		"scaled": "scale", "scaling_blocked": "scale", "fell_asleep": "scale", "woken": "scale",
		"healed": "", "domain_added": "", "certificate_renewed": "", "lines_dropped": "", "": "",
	} {
		if got := Sign(core.Event{Kind: kind}); got != want {
			t.Errorf("%q is marked as %q, want %q", kind, got, want)
		}
	}
}
