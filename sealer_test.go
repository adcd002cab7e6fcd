package main

import (
	"strings"
	"testing"

	"berth/core/config"
)

// All processes of one Berth derive the same key; a gateway alone that has none leaves HTTPS off, and makes none.
func TestGatewaySealer(t *testing.T) {
	cfg := config.Default()
	cfg.Data, cfg.Roles = t.TempDir(), []string{"gateway"}
	if s, err := gatewaySealer(cfg); s != nil || err != nil || cfg.HasKey() {
		t.Fatalf("without a key: %v, %v", s, err)
	}
	if f := checkKey(cfg); f.ok || f.next == "" {
		t.Errorf("doctor finds %+v", f)
	}
	whole := cfg
	whole.Roles = []string{"portal", "worker", "gateway"}
	seals, err := gatewaySealer(whole)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := seals.Seal("a", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	opens, err := gatewaySealer(cfg) // the key lies in the data folder now
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := opens.Open("a", sealed); err != nil || string(plain) != "secret" {
		t.Errorf("%q, %v", plain, err)
	}
	cfg.SecretKey = strings.Repeat("ab", 32)
	if other, err := gatewaySealer(cfg); err != nil {
		t.Fatal(err)
	} else if _, err := other.Open("a", sealed); err == nil {
		t.Error("another key opens it")
	}
	if f := checkKey(cfg); !f.ok {
		t.Errorf("doctor finds %+v", f)
	}
}
