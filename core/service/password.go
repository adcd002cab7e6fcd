package service

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"berth/core"
)

// What a password costs: 64 MiB and about 150 ms. RFC 9106 calls it the second recommended option with less time.
const (
	argonMemory  = 64 * 1024 // KiB
	argonTime    = 1
	argonThreads = 2
	argonSalt    = 16
	argonKey     = 32

	maxHashing = 2 // at once, so that a flood of sign-ins takes no more than 128 MiB
)

// decoy is what the password of an unknown person is compared with, so that the answer takes as long.
var decoy = phc(make([]byte, argonSalt), make([]byte, argonKey))

// passwords hashes and compares, a bounded number at once.
type passwords struct{ slots chan struct{} }

func newPasswords() passwords { return passwords{make(chan struct{}, maxHashing)} }

// hash returns a password's argon2id hash in PHC notation. Errors: EUNAVAILABLE when ctx ends before its turn.
func (p passwords) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	key, err := p.key(ctx, password, salt)
	return phc(salt, key), err
}

// matches reports whether a password is the one that was hashed. Errors: EUNAVAILABLE, EINTERNAL.
func (p passwords) matches(ctx context.Context, hash, password string) (bool, error) {
	salt, want, err := parsePHC(hash)
	if err != nil {
		return false, core.Wrap(err, core.EINTERNAL, "error.internal")
	}
	got, err := p.key(ctx, password, salt)
	return err == nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

func (p passwords) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
		return argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey), nil
	case <-ctx.Done():
		e := core.Wrap(ctx.Err(), core.EUNAVAILABLE, "error.sign_in_busy")
		e.RetryAfter = 5 * time.Second
		return nil, e
	}
}

func phcPrefix() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, argonMemory, argonTime, argonThreads)
}

func phc(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return phcPrefix() + b64.EncodeToString(salt) + "$" + b64.EncodeToString(key)
}

// parsePHC reads what phc wrote. Other costs are refused: none were ever used.
func parsePHC(hash string) (salt, key []byte, err error) {
	rest, ok := strings.CutPrefix(hash, phcPrefix())
	first, second, found := strings.Cut(rest, "$")
	if !ok || !found {
		return nil, nil, errors.New("password hash of an unknown kind")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(first); err != nil {
		return nil, nil, err
	}
	key, err = base64.RawStdEncoding.DecodeString(second)
	return salt, key, err
}
