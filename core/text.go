package core

import (
	"sort"
	"strings"
)

// Text is a sentence for people, kept as the key of a message and its values and worded only when it is shown,
// so that what is stored can be read in every language. Keys live in views/i18n.
type Text struct {
	Key  string            `json:"key"`
	Args map[string]string `json:"args,omitempty"`
}

// T makes a Text; kv alternates names and values: T("event.scaled", "from", "2", "to", "3").
func T(key string, kv ...string) Text {
	t := Text{Key: key}
	if len(kv) > 1 {
		t.Args = make(map[string]string, len(kv)/2)
	}
	for i := 0; i+1 < len(kv); i += 2 {
		t.Args[kv[i]] = kv[i+1]
	}
	return t
}

// IsZero reports whether there is nothing to say.
func (t Text) IsZero() bool { return t.Key == "" }

// String is for logs and tests: the key and the values in a stable order.
func (t Text) String() string {
	if len(t.Args) == 0 {
		return t.Key
	}
	names := make([]string, 0, len(t.Args))
	for k := range t.Args {
		names = append(names, k)
	}
	sort.Strings(names)
	parts := make([]string, len(names))
	for i, k := range names {
		parts[i] = k + "=" + t.Args[k]
	}
	return t.Key + "(" + strings.Join(parts, ", ") + ")"
}
