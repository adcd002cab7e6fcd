package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// look checks what has to hold for every page, small and large, light and dark. Pictures of it are put in the folder that
// BERTH_SCREENSHOTS names.
func (p *person) look(name string) {
	p.t.Helper()
	p.fits(name)
	for _, scheme := range []string{"dark", "light"} {
		p.scheme(scheme)
		for _, width := range []int64{390, 1440} {
			p.do(chromedp.EmulateViewport(width, 900))
			p.until("document.getAnimations().every((a) => !(a instanceof CSSTransition))")
			p.picture(fmt.Sprintf("%s-%d-%s.png", name, width, scheme))
		}
	}
	p.do(chromedp.EmulateViewport(1440, 900))
}

// fits checks that a page fits on a small screen, that everything on it has a name, and that words are on it.
func (p *person) fits(name string) {
	p.t.Helper()
	p.do(chromedp.EmulateViewport(360, 800))
	p.until("document.documentElement.clientWidth <= 360")
	if wide, _ := ask[string](p, found("wide()")); wide != "" {
		p.t.Errorf("%s can be scrolled sideways at 360 px: %s", name, wide)
	}
	p.do(chromedp.EmulateViewport(1440, 900))
	if unclear, err := ask[string](p, found("unclear()")); unclear != "" || err != nil {
		p.t.Errorf("%s is not clear to a screen reader: %s %v", name, unclear, err)
	}
	for _, key := range keyNames.FindAllString(p.shows(), -1) {
		if !strings.HasSuffix(key, ".tar") { // a file
			p.t.Errorf("%s shows the key %s instead of words", name, key)
		}
	}
}

// picture takes one of the whole page, when somebody wants to keep it: painting it costs more than all else here.
func (p *person) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("BERTH_SCREENSHOTS")
	if dir == "" {
		return
	}
	image, err := chromedp.Run(p.tab, chromedp.FullScreenshot(100))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), image, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// scheme is what the person's system prefers, "light" or "dark".
func (p *person) scheme(scheme string) {
	p.t.Helper()
	p.do(chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		return err
	}))
}

// shows is every word of the page that somebody sees or is read aloud.
func (p *person) shows() string {
	p.t.Helper()
	text, err := ask[string](p, `[document.title, document.body.innerText, ...[...document.querySelectorAll("[aria-label], [title], [placeholder]")]
		.flatMap((e) => [e.ariaLabel, e.title, e.placeholder])].join("\n")`)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

// messages are the words of one language by their keys; of a plural the general form.
func messages(language string) map[string]string {
	all := map[string]string{}
	files, _ := filepath.Glob("../views/i18n/messages/*." + language + ".json")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			panic(err)
		}
		some := map[string]any{}
		if err := json.Unmarshal(data, &some); err != nil {
			panic(err)
		}
		for key, text := range some {
			if plural, ok := text.(map[string]any); ok {
				text = plural["other"]
			}
			all[key] = fmt.Sprint(text)
		}
	}
	return all
}

// keyNames finds what a page shows when a message is missing: a key such as home.title.
var keyNames = func() *regexp.Regexp {
	first := map[string]bool{}
	for key := range messages("en") {
		prefix, _, _ := strings.Cut(key, ".")
		first[prefix] = true
	}
	var prefixes []string
	for prefix := range first {
		prefixes = append(prefixes, regexp.QuoteMeta(prefix))
	}
	return regexp.MustCompile(`(?m)(?:^|[\s"(])(?:` + strings.Join(prefixes, "|") + `)\.[a-z][a-z_.]*[a-z]\b`)
}()
