// Package gateway has the pages that visitors get when no app can answer: whole in themselves, with no script and
// nothing to load, since they are served under any name.
package gateway

import (
	"bytes"
	"context"

	"berth/views/i18n"
)

// page is what a visitor reads.
type page struct {
	Kind    string
	Name    string // the id of the app, "" when none is known
	Text    string // what its owner says besides, as it was written
	Refresh bool   // looks again by itself
}

// Pages words the gateway's pages: kind is one of the gateway's, such as "unknown" or "forbidden", lang "en" or
// "zh-Hans", appName as people read it or "", text what the app's owner says besides. The status is 0: the gateway
// knows better.
func Pages[K ~string](b *i18n.Bundle) func(kind K, lang, appName, text string) (status int, html []byte) {
	return func(kind K, lang, appName, text string) (int, []byte) {
		ctx := i18n.With(context.Background(), b.Localizer(lang))
		var out bytes.Buffer
		if err := document(page{Kind: string(kind), Name: appName, Text: text, Refresh: kind == "starting"}).Render(ctx, &out); err != nil {
			return 0, nil // a buffer takes everything
		}
		return 0, out.Bytes()
	}
}

// title and text fall back on sentences without the app's name.
func (p page) words(ctx context.Context, part string) string {
	if p.Name != "" {
		return i18n.T(ctx, "gateway."+p.Kind+"."+part, "name", p.Name)
	}
	return i18n.T(ctx, "gateway."+p.Kind+"."+part+"_nameless")
}
