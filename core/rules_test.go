package core

import (
	"encoding/json"
	"testing"
)

// Releases and routes that were written when rules had a setting for caching are read on.
func TestRulesOfBefore(t *testing.T) {
	var r Rules
	if err := json.Unmarshal([]byte(`{"cache": true, "compress": true, "deny": ["192.0.2.1"]}`), &r); err != nil {
		t.Fatal(err)
	}
	if want := (Rules{Compress: true, Deny: []string{"192.0.2.1"}}); !r.Equal(want) {
		t.Errorf("%+v", r)
	}
}
