package core

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseLogWords(t *testing.T) {
	for text, want := range map[string][2][]string{
		"":                     {nil, nil},
		"  a  b ":              {{"a", "b"}, nil},
		`"two words" one`:      {{"two words", "one"}, nil},
		`-debug -"to be" left`: {{"left"}, {"debug", "to be"}},
		`- -`:                  {{"-", "-"}, nil},
		`"open`:                {{`"open`}, nil},
		`""`:                   {nil, nil},
		"a\xffb":               {{"a\uFFFDb"}, nil},
	} {
		words, not := ParseLogWords(text)
		if !slices.Equal(words, want[0]) || !slices.Equal(not, want[1]) {
			t.Errorf("%q: %q and not %q", text, words, not)
		}
	}
}

func TestLogPositionsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := LogPosition{Time: time.Unix(0, rapid.Int64Min(1).Draw(t, "time")).UTC(), Instance: rapid.StringMatching(`[0-9a-f]{0,12}`).Draw(t, "id")}
		if got, err := ParseLogPosition("cursor", p.String()); err != nil || got != p {
			t.Fatalf("%v, %v", got, err)
		}
		if _, err := ParseLogPosition("cursor", rapid.String().Draw(t, "any")); err != nil && ErrorCode(err) != EINVALID {
			t.Fatal(err)
		}
	})
}
