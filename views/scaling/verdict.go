// Package scaling has the page that says how the number of an app's instances follows its load.
package scaling

import (
	"strconv"

	"berth/core"
)

// Verdict words what a scaling would have done.
func Verdict(r core.ScaleReplay) core.Text {
	itoa := strconv.Itoa
	switch {
	case !r.Measured:
		return core.T("scaling.verdict_unmeasured")
	case r.StoppedByQuota > 0:
		return core.T("scaling.verdict_quota", "acted", itoa(r.Acted), "most", itoa(r.Most), "count", itoa(r.StoppedByQuota))
	case r.StoppedByHosts > 0:
		return core.T("scaling.verdict_hosts", "acted", itoa(r.Acted), "most", itoa(r.Most), "count", itoa(r.StoppedByHosts))
	case r.Acted == 0:
		return core.T("scaling.verdict_none", "count", itoa(r.Most))
	}
	return core.T("scaling.verdict", "count", itoa(r.Acted), "most", itoa(r.Most))
}
