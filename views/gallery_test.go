package views_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"berth/static"
	"berth/views/i18n"
)

// gallery is where the pages are written to be looked at:
//
//	go test ./views -run Gallery -gallery /tmp/gallery && chromium --screenshot file:///tmp/gallery/home.en.html
var gallery = flag.String("gallery", "", "write every page with example models to this directory")

// unworded finds a key that stands where a sentence should.
var unworded = regexp.MustCompile(`[>"](state|home|op|step|field|app|tab|nav|ui|about|column|release|token|new|found|host|problem|source|event|plan|time|weekday|month|error)\.[a-z_.]+[<"]`)

// TestGallery renders every page in every language: each is whole, and says everything in words.
func TestGallery(t *testing.T) {
	bundle, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range i18n.Languages {
		ctx := i18n.With(templ.WithNonce(context.Background(), "nonce"), bundle.Localizer(language.Tag))
		for name, page := range examples() {
			var out bytes.Buffer
			if err := page.Render(ctx, &out); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if found := unworded.FindString(out.String()); found != "" {
				t.Errorf("%s in %s has no words for %s", name, language.Tag, found)
			}
			if strings.Contains(out.String(), "no value") {
				t.Errorf("%s in %s lacks a value of a message", name, language.Tag)
			}
			if strings.Contains(out.String(), `style="`) || strings.Contains(out.String(), " onclick=") {
				t.Errorf("%s has an inline style or script, which the content policy forbids", name)
			}
			write(t, name+"."+language.Tag+".html", out.Bytes())
		}
	}
}

func write(t *testing.T, name string, page []byte) {
	if *gallery == "" {
		return
	}
	files := static.New()
	for _, asset := range []string{"app.css", "favicon.svg", "vendor/htmx.min.js", "vendor/htmx-sse.min.js", "vendor/tus.min.js", "js/app.js", "js/morph.js", "js/upload.js", "js/ansi.js", "js/logs.js"} {
		root, err := filepath.Abs("../static/" + asset)
		if err != nil {
			t.Fatal(err)
		}
		page = bytes.ReplaceAll(page, []byte(files.Path(asset)), []byte("file://"+root))
	}
	if err := os.MkdirAll(*gallery, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*gallery, name), page, 0o644); err != nil {
		t.Fatal(err)
	}
}
