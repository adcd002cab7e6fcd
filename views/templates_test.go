package views_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/a-h/templ/parser/v2"
	"github.com/a-h/templ/parser/v2/visitor"
)

// spoken are the attributes that a person reads or hears.
var spoken = map[string]bool{"title": true, "aria-label": true, "placeholder": true, "alt": true, "aria-valuetext": true}

// TestTemplatesHoldNoBareSentence reads every template: what a person reads comes from the messages.
func TestTemplatesHoldNoBareSentence(t *testing.T) {
	read := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".templ") {
			return err
		}
		read++
		file, err := parser.Parse(path)
		if err != nil {
			return err
		}
		return file.Visit(bareSentences(t, path))
	})
	if err != nil || read < 20 {
		t.Fatalf("read %d templates: %v", read, err)
	}
}

func bareSentences(t *testing.T, path string) *visitor.Visitor {
	v := visitor.New()
	v.Text = func(n *parser.Text) error {
		if hasLetters(n.Value) {
			t.Errorf("%s:%d: %q is not from the messages", path, n.Range.From.Line+1, n.Value)
		}
		return nil
	}
	v.ConstantAttribute = func(n *parser.ConstantAttribute) error {
		if spoken[n.Key.String()] && hasLetters(n.Value) {
			t.Errorf("%s: %s=%q is not from the messages", path, n.Key, n.Value)
		}
		return nil
	}
	return v
}

func hasLetters(s string) bool { return strings.ContainsFunc(s, unicode.IsLetter) }
