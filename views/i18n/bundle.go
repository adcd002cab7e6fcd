// Package i18n words what people read, in every language that Berth speaks. Messages lie in messages/, a file a room
// and language; whole sentences, never fragments.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages/*.json
var files embed.FS

// Language is a language that a person can choose.
type Language struct {
	Tag  string // BCP 47
	Name string // in the language itself
}

// Languages are all there are; the first is the one to fall back on.
var Languages = []Language{{"en", "English"}, {"zh-Hans", "简体中文"}}

// Bundle holds the messages of all languages.
type Bundle struct {
	bundle  *i18n.Bundle
	keys    []string // of every message, sorted
	matcher language.Matcher
}

// Load reads the embedded messages. An error is a fault in the files.
func Load() (*Bundle, error) {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	names, err := fs.Glob(files, "messages/*.json")
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, name := range names {
		file, err := b.LoadMessageFileFS(files, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range file.Messages {
			keys = append(keys, m.ID)
		}
	}
	slices.Sort(keys)
	tags := make([]language.Tag, len(Languages))
	for i, l := range Languages {
		tags[i] = language.MustParse(l.Tag)
	}
	return &Bundle{b, slices.Compact(keys), language.NewMatcher(tags)}, nil
}

// Localizer words messages in the first language that Berth speaks of prefs, each a BCP 47 tag or a whole
// Accept-Language header; English when it speaks none of them.
func (b *Bundle) Localizer(prefs ...string) *Localizer {
	for _, p := range prefs {
		tags, _, err := language.ParseAcceptLanguage(p)
		if err != nil || len(tags) == 0 {
			continue
		}
		if _, at, confidence := b.matcher.Match(tags...); confidence >= language.Low {
			return newLocalizer(b, Languages[at].Tag)
		}
	}
	return newLocalizer(b, Languages[0].Tag)
}
