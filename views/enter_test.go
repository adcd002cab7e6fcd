package views_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/quota"
)

// TestEnterNeverTakesAway presses Enter in the fields of every form: browsers then take its first button, which is not
// to be one that leads elsewhere than the form itself, as those do that delete, refuse and discard.
func TestEnterNeverTakesAway(t *testing.T) {
	bundle, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	ctx := i18n.With(templ.WithNonce(context.Background(), "nonce"), bundle.Localizer("en"))
	pages := examples()
	pages["plans"] = quota.PlansPage(quota.Plans{Page: page(layout.SectionPlans, "Plans"), Plans: []core.QuotaPlan{{Name: "starter"}}, Default: "standard",
		Requests: []quota.Wish{{QuotaRequest: core.QuotaRequest{ID: "r", TenantID: "lab", Resource: core.ResourceMemory, Amount: 1 << 33, CreatedAt: time.Now()}, Team: "Lab"}}})
	harmless := []string{"/apps/tea-shop/scaling/try"} // only looks
	for name, page := range pages {
		var out bytes.Buffer
		if err := page.Render(ctx, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		doc, err := html.Parse(&out)
		if err != nil {
			t.Fatal(err)
		}
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
