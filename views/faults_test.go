package views_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"berth/views/i18n"
)

// TestFaultsAreTied looks at what is wrong on every page: a field, or the group that it stands in, names each by
// aria-describedby, so that who hears the page hears it there.
func TestFaultsAreTied(t *testing.T) {
	seen := 0
	for name, doc := range parsed(t, examples()) {
		var faults []string
		tied, ids := map[string]bool{}, map[string]bool{}
		for n := range doc.Descendants() {
			if id := attr(n, "id"); id != "" {
				ids[id] = true
				if n.Data == "p" && attr(n, "class") == "error" {
					faults = append(faults, id)
				}
			}
			for _, id := range strings.Fields(attr(n, "aria-describedby")) {
				tied[id] = true
			}
		}
		for _, id := range faults {
			if seen++; !tied[id] {
				t.Errorf("%s: nothing names the fault %q by aria-describedby", name, id)
			}
		}
		for id := range tied {
			if !ids[id] {
				t.Errorf("%s: aria-describedby names %q, which is not there", name, id)
			}
		}
	}
	if seen == 0 {
		t.Error("no page of the gallery shows a fault")
	}
}

// parsed returns pages, in English, as a browser sees them.
func parsed(t *testing.T, pages map[string]templ.Component) map[string]*html.Node {
	t.Helper()
	bundle, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	ctx := i18n.With(templ.WithNonce(context.Background(), "nonce"), bundle.Localizer("en"))
	docs := make(map[string]*html.Node, len(pages))
	for name, page := range pages {
		var out bytes.Buffer
		if err := page.Render(ctx, &out); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if docs[name], err = html.Parse(&out); err != nil {
			t.Fatal(err)
		}
	}
	return docs
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}
