package core

import (
	"bytes"
	"testing"
)

func TestSealer(t *testing.T) {
	s, err := NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	other, _ := NewSealer(bytes.Repeat([]byte{8}, 32))
	sealed, err := s.Seal("a", []byte("secret"))
	if err != nil || bytes.Contains(sealed, []byte("secret")) {
		t.Fatalf("%q, %v", sealed, err)
	}
	if plain, err := s.Open("a", sealed); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	again, _ := s.Seal("a", []byte("secret"))
	if bytes.Equal(again, sealed) {
		t.Error("the same twice is sealed alike")
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"under another name": func() ([]byte, error) { return s.Open("b", sealed) },
		"by another key":     func() ([]byte, error) { return other.Open("a", sealed) },
		"changed":            func() ([]byte, error) { return s.Open("a", changed) },
		"cut":                func() ([]byte, error) { return s.Open("a", sealed[:5]) },
		"empty":              func() ([]byte, error) { return s.Open("a", nil) },
	} {
		if plain, err := open(); ErrorCode(err) != EINVALID || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	if _, err := NewSealer(make([]byte, 16)); ErrorCode(err) != EINVALID {
		t.Error("a short key is taken:", err)
	}
}
