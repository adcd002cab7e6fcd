package views_test

import (
	"context"
	"io"
	"strconv"
	"testing"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/home"
	"berth/views/i18n"
	"berth/views/layout"
)

// BenchmarkHome renders a full page of apps.
func BenchmarkHome(b *testing.B) {
	bundle, err := i18n.Load()
	if err != nil {
		b.Fatal(err)
	}
	var apps []core.AppSummary
	for i := range 50 {
		s := summaries()[i%5]
		s.App.ID += strconv.Itoa(i)
		apps = append(apps, s)
	}
	page := home.HomePage(home.Home{Page: page(layout.SectionHome, "Northwind Tea"), List: home.List{TenantID: tenant.ID, Apps: apps, CanNew: true, Next: "x"}})
	ctx := i18n.With(templ.WithNonce(context.Background(), "nonce"), bundle.Localizer("en"))
	for b.Loop() {
		if err := page.Render(ctx, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
