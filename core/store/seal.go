package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"

	"berth/core"
)

// sealVersion is the first byte of all that is sealed, so that a later way can be told from this one.
const sealVersion = 1

// sealer encrypts what must not be read from the disk: AES-256-GCM, a random nonce for each value. The name of the
// row is authenticated, so that a sealed value cannot be moved into another row.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (*sealer, error) {
	if len(key) != 32 {
		return nil, core.Invalid("key", "error.key_length")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead}, nil
}

func (s *sealer) seal(row string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	sealed := make([]byte, 1+s.aead.NonceSize(), 1+s.aead.NonceSize()+len(plain)+s.aead.Overhead())
	sealed[0] = sealVersion
	nonce := sealed[1:]
	rand.Read(nonce)
	return s.aead.Seal(sealed, nonce, plain, []byte(row)), nil
}

func (s *sealer) open(row string, sealed []byte, v any) error {
	head := 1 + s.aead.NonceSize()
	if len(sealed) < head || sealed[0] != sealVersion {
		return unreadable(errors.New("store: not sealed by this version"))
	}
	plain, err := s.aead.Open(nil, sealed[1:head], sealed[head:], []byte(row))
	if err != nil {
		return unreadable(err)
	}
	if err := json.Unmarshal(plain, v); err != nil {
		return unreadable(err)
	}
	return nil
}

// unreadable is what a wrong key, or a row changed by hand, looks like.
func unreadable(err error) error { return core.Wrap(err, core.EINTERNAL, "error.sealed_unreadable") }
