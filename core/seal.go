package core

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
)

// sealVersion is the first byte of all that is sealed, so that a later way can be told from this one.
const sealVersion = 1

// gcmSealer is AES-256-GCM with a random nonce for each value. The name is authenticated, so that a sealed value
// cannot be moved to another name.
type gcmSealer struct{ aead cipher.AEAD }

// NewSealer returns a Sealer for a key of 32 bytes, which serves this one purpose. Errors: EINVALID at "key".
func NewSealer(key []byte) (Sealer, error) {
	if len(key) != 32 {
		return nil, Invalid("key", "error.key_length")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return gcmSealer{aead}, nil
}

// Seal implements Sealer.
func (s gcmSealer) Seal(name string, plain []byte) ([]byte, error) {
	sealed := make([]byte, 1+s.aead.NonceSize(), 1+s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	sealed[0] = sealVersion
	nonce := sealed[1:]
	rand.Read(nonce)
	return s.aead.Seal(sealed, nonce, plain, []byte(name)), nil
}

// Open implements Sealer.
func (s gcmSealer) Open(name string, sealed []byte) ([]byte, error) {
	head := 1 + s.aead.NonceSize()
	if len(sealed) < head || sealed[0] != sealVersion {
		return nil, Wrap(errors.New("not sealed by this version"), EINVALID, "error.sealed_unreadable")
	}
	plain, err := s.aead.Open(nil, sealed[1:head], sealed[head:], []byte(name))
	if err != nil {
		return nil, Wrap(err, EINVALID, "error.sealed_unreadable")
	}
	return plain, nil
}
