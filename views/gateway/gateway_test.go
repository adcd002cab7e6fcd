package gateway

import (
	"regexp"
	"strings"
	"testing"

	"berth/views/i18n"
)

type kind string

func TestPagesAreWholeInThemselves(t *testing.T) {
	messages, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	pages := Pages[kind](messages)
	loads := regexp.MustCompile(`(?i)<script|<link|<img|<[^>]*\s(src|href)=|url\(|@import`)
	for _, k := range []kind{"unknown", "stopped", "starting", "unavailable", "failed", "timeout",
		"forbidden", "limited", "maintenance", "unauthorized", "large", "ambiguous"} {
		for _, name := range []string{"", "shop", `<img src=x>`} {
			for _, language := range i18n.Languages {
				_, html := pages(k, language.Tag, name, "back at <b>noon</b>")
				page := string(html)
				if found := loads.FindString(page); found != "" {
					t.Errorf("%s loads something: %s", k, found)
				}
				if !strings.Contains(page, `lang="`+language.Tag+`"`) || strings.Contains(page, "gateway.") {
					t.Errorf("%s for %q in %s is not worded:\n%s", k, name, language.Tag, page)
				}
				if !strings.Contains(page, "back at &lt;b&gt;noon&lt;/b&gt;") {
					t.Errorf("%s in %s does not say what the owner says, inert", k, language.Tag)
				}
				if name == "shop" && k != "unknown" && !strings.Contains(page, "shop") {
					t.Errorf("%s in %s does not name the app", k, language.Tag)
				}
				if refreshes := strings.Contains(page, `http-equiv="refresh"`); refreshes != (k == "starting") {
					t.Errorf("%s refreshes by itself: %v", k, refreshes)
				}
			}
		}
	}
}
