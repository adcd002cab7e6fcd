package handlers

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth/core"
)

// Bad input 4.
func TestSafeNext(t *testing.T) {
	for next, want := range map[string]string{
		"": "/", "/": "/", "/apps/shop": "/apps/shop", "/apps?tenant=a&q=%2F": "/apps?tenant=a&q=%2F",
		"//evil": "/", "///evil": "/", `/\evil`: "/", `\\evil`: "/", "https:evil": "/", "https://evil": "/", "evil": "/",
		"javascript:alert(1)": "/", "/\t/evil": "/", "/\n/evil": "/", "/a\x00": "/", " //evil": "/", "/%zz": "/",
		"/a#b": "/a#b",
	} {
		if got := SafeNext(next); got != want {
			t.Errorf("SafeNext(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestEnvironmentForms(t *testing.T) {
	object := `{"B": "two\nlines $x \"q\" 船", "A": {"value": "s", "secret": true}}`
	list := `[{"name": "A", "value": "s", "secret": true}, {"name": "B", "value": "two\nlines $x \"q\" 船"}]`
	want := envJSON{{Name: "A", Value: "s", Secret: true}, {Name: "B", Value: "two\nlines $x \"q\" 船"}}
	for _, in := range []string{object, list} {
		var got envJSON
		if err := json.Unmarshal([]byte(in), &got); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{`7`, `"A=B"`, `["A=B"]`, `{"A": 7}`, `{"A": {"value": "x", "hidden": true}}`} {
		var got envJSON
		if err := json.Unmarshal([]byte(in), &got); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
}

func TestSecretsAreNotAnswered(t *testing.T) {
	data, err := json.Marshal(newEnvJSON([]core.EnvVar{{Name: "A", Value: "hidden", Secret: true}, {Name: "B", Value: "b"}}))
	if err != nil || string(data) != `[{"name":"A","value":"","secret":true},{"name":"B","value":"b"}]` {
		t.Errorf("%s %v", data, err)
	}
}

func TestEventsKeepTheirLines(t *testing.T) {
	got := string(eventOf("message", []byte("a\r\n\r\nb\n")))
	if got != "event: message\ndata: a\ndata: \ndata: b\n\n" {
		t.Errorf("%q", got)
	}
}
