package main

import (
	"crypto/hkdf"
	"crypto/sha256"

	"berth/core"
	"berth/core/config"
)

// newSealer seals what is published for the gateways: whoever seals and whoever opens derive the same key.
func newSealer(key []byte) (core.Sealer, error) {
	own, err := hkdf.Key(sha256.New, key, nil, "berth gateway", 32)
	if err != nil {
		return nil, err
	}
	return core.NewSealer(own)
}

// gatewaySealer opens what is published; nil for a gateway of its own that was given no key.
func gatewaySealer(cfg config.Config) (core.Sealer, error) {
	if !cfg.Has("worker") && !cfg.Has("portal") && !cfg.HasKey() {
		return nil, nil
	}
	key, err := cfg.Key()
	if err != nil {
		return nil, err
	}
	return newSealer(key)
}
