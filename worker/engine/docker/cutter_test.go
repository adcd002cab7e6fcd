package docker

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"berth/core"
)

func TestLineCutter(t *testing.T) {
	long := strings.Repeat("泊", core.MaxLogLine) // 3 bytes each: a cut would split one
	cut := func(n int) string { return strings.Repeat("泊", n) }
	per := core.MaxLogLine / 3
	for name, c := range map[string]struct {
		pieces []string
		want   []string
	}{
		"a line":                {[]string{"a\n"}, []string{"a"}},
		"an empty line":         {[]string{"\n"}, []string{""}},
		"a line from Windows":   {[]string{"a\r\n"}, []string{"a"}},
		"pieces of a line":      {[]string{"a", "b", "c\n", "d\n"}, []string{"abc", "d"}},
		"a split character":     {[]string{"\xe6\xb3", "\x8a\n"}, []string{"泊"}},
		"no UTF-8":              {[]string{"\xff\xfea\n"}, []string{"\uFFFDa"}},
		"exactly the limit":     {[]string{strings.Repeat("x", core.MaxLogLine), "\n"}, []string{strings.Repeat("x", core.MaxLogLine)}},
		"longer than the limit": {[]string{long, "\n"}, []string{cut(per), cut(per), cut(per), cut(core.MaxLogLine - 3*per)}},
		"without an end":        {[]string{"a"}, []string{"a"}},
	} {
		var got []string
		give := func(line string, _ bool) error { got = append(got, line); return nil }
		var l lineCutter
		for _, p := range c.pieces {
			if err := l.add([]byte(p), give); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.end(give); err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, "|") != strings.Join(c.want, "|") {
			t.Errorf("%s: %.80q, want %.80q", name, got, c.want)
		}
	}
}

// TestLineCutterLosesNothing joins what was cut and finds what was written, whatever that was.
func TestLineCutterLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lineCutter
		var wrote, got strings.Builder
		give := func(line string, _ bool) error {
			if len(line) > core.MaxLogLine || !utf8.ValidString(line) {
				t.Fatalf("a line of %d bytes, valid: %t", len(line), utf8.ValidString(line))
			}
			got.WriteString(line)
			return nil
		}
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			piece := strings.Repeat(rapid.StringMatching(`[a-z泊é]{1,5}`).Draw(t, "text"), rapid.IntRange(1, 9000).Draw(t, "times"))
			wrote.WriteString(piece)
			if err := l.add([]byte(piece), give); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.end(give); err != nil {
			t.Fatal(err)
		}
		if got.String() != wrote.String() {
			t.Fatalf("%d bytes of %d", got.Len(), wrote.Len())
		}
	})
}

func TestMalformedLogFrame(t *testing.T) {
	for _, data := range []string{"\x01\x00\x00\x00\xff\xff\xff\xff", "\x09\x00\x00\x00\x00\x00\x00\x01x", "\x01\x00", "\x01\x00\x00\x00\x00\x00\x00\x09x"} {
		if err := readLines(strings.NewReader(data), func(core.LogLine) error { return nil }); err == nil {
			t.Errorf("%q is taken", data)
		}
	}
}
