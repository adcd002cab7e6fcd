package quota

import (
	"context"

	"berth/core"
	"berth/views/i18n"
	"berth/views/ui"
)

// Check says what a form would take, and asks again when its size changes.
type Check struct {
	core.QuotaCheck
	URL   string // that answers with it anew; "" when nothing can change
	Quota string // where more can be asked for
	Known bool   // false when the form cannot be used as it stands, which its fields say
}

// Inputs are those that change what a release takes. No other is sent: they go into an address.
const inputs = "[name=plan],[name=memory],[name=cpu],[name=replicas],[name=version]"

func (c Check) fits() bool { return len(c.Blocks) == 0 && c.Budget == nil }

// sentence says what it would take of the memory that is left, and for how long more while it switches.
func (c Check) sentence(ctx context.Context) string {
	const r = core.ResourceMemory
	uses, surge := c.After[r]-c.Now[r], c.Peak[r]-max(c.After[r], c.Now[r])
	left, limited := c.Used.Left(c.Limits, r)
	key := "quota.check.same"
	switch {
	case uses > 0:
		key = "quota.check.more"
	case uses < 0:
		key = "quota.check.less"
	}
	if surge > 0 && c.Switch > 0 {
		key += "_switch"
	}
	if !limited {
		key += "_unlimited"
	}
	return i18n.T(ctx, key, "uses", Amount(ctx, r, max(uses, -uses)), "left", Amount(ctx, r, left), "surge", Amount(ctx, r, surge),
		"time", c.Switch)
}

func (c Check) percent(r core.Resource) int { return ui.Share(c.Used[r], c.Limits[r]) }

// after is the share once it is there; peak the share while it switches.
func (c Check) after(r core.Resource) int {
	return ui.Share(c.Used[r]+max(0, c.After[r]-c.Now[r]), c.Limits[r])
}
