package views_test

import (
	"slices"
	"testing"
	"time"

	"berth/core"
	"berth/views/layout"
	"berth/views/quota"
)

// TestEnterNeverTakesAway presses Enter in the fields of every form: browsers then take its first button, which is not
// to be one that leads elsewhere than the form itself, as those do that delete, refuse and discard.
func TestEnterNeverTakesAway(t *testing.T) {
	pages := examples()
	pages["plans"] = quota.PlansPage(quota.Plans{Page: page(layout.SectionPlans, "Plans"), Plans: []core.QuotaPlan{{Name: "starter"}}, Default: "standard",
		Requests: []quota.Wish{{QuotaRequest: core.QuotaRequest{ID: "r", TenantID: "lab", Resource: core.ResourceMemory, Amount: 1 << 33, CreatedAt: time.Now()}, Team: "Lab"}}})
	harmless := []string{"/apps/tea-shop/scaling/try"} // only looks
	for name, doc := range parsed(t, pages) {
		for form := range doc.Descendants() {
			if form.Data != "form" {
				continue
			}
			for n := range form.Descendants() {
				if n.Data != "button" || attr(n, "type") == "button" {
					continue
				}
				if to := attr(n, "formaction"); to != "" && !slices.Contains(harmless, to) {
					t.Errorf("%s: Enter in the form of %s goes to %s", name, attr(form, "action"), to)
				}
				break
			}
		}
	}
}
