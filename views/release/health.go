package release

import (
	"strings"

	"berth/core"
	"berth/views/ui"
)

// healthMore reports whether what is seldom changed of a health check was, or has something wrong.
func healthMore(f ui.Form) bool {
	for _, name := range []string{"interval", "timeout", "grace", "failures", "successes", "alive.kind"} {
		if f.Values["health."+name] != "" {
			return true
		}
	}
	for name := range f.Errors {
		if strings.HasPrefix(name, "health.") && name != "health.kind" && name != "health.path" {
			return true
		}
	}
	return f.Values["health.policy"] != string(core.PolicyRestart)
}
