package core

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns a unique, lower-case, URL-safe id of 26 characters that sorts by the time it was made
// (48 bits of milliseconds, 80 bits of randomness, as in a ULID).
func NewID() string { return NewIDAt(time.Now()) }

// NewIDAt is NewID for what was made at t.
func NewIDAt(t time.Time) string {
	b := idTime(t)
	rand.Read(b[6:])
	return idEncoding.EncodeToString(b[:])
}

// NewIDInOrder is NewIDAt for the nth of what one process made in the same millisecond: it sorts behind those before.
func NewIDInOrder(t time.Time, n uint16) string {
	b := idTime(t)
	binary.BigEndian.PutUint16(b[6:], n)
	rand.Read(b[8:])
	return idEncoding.EncodeToString(b[:])
}

// LeastID sorts before the ids of all that was made at t, to the millisecond, or later, and after all others.
func LeastID(t time.Time) string {
	b := idTime(t)
	return idEncoding.EncodeToString(b[:])
}

func idTime(t time.Time) (b [16]byte) {
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(max(t.UnixMilli(), 0)))
	copy(b[:6], ms[2:])
	return b
}

// ValidID reports whether s looks like what NewID makes.
func ValidID(s string) bool {
	return len(s) == 26 && strings.Trim(s, "0123456789abcdefghjkmnpqrstvwxyz") == ""
}

// NewInstanceID returns a random id of 12 hexadecimal characters: short enough to read in a log.
func NewInstanceID() string {
	var b [6]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// ShortID returns the part of an instance's id that people read; the whole is only needed to tell programs.
func ShortID(id string) string { return id[:min(6, len(id))] }

// NewSecret returns 256 random bits as 52 lower-case characters, for tokens, links and generated passwords.
func NewSecret() string {
	var b [32]byte
	rand.Read(b[:])
	return idEncoding.EncodeToString(b[:])
}
