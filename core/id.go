package core

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"time"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// IDs makes ids that sort in the order in which they are made, also within a millisecond and when the clock is set
// back. The zero value is ready, and safe for concurrent use.
type IDs struct {
	// last is the first half of the id made last: 48 bits of milliseconds and, below them, its number among those of
	// the same one.
	last atomic.Uint64
}

// At returns an id for what is made at now, as NewID does.
func (s *IDs) At(now time.Time) string {
	next := uint64(max(now.UnixMilli(), 0)) << 16
	for {
		last := s.last.Load()
		if next <= last {
			next = last + 1
		}
		if s.last.CompareAndSwap(last, next) {
			break
		}
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], next)
	rand.Read(b[8:])
	return idEncoding.EncodeToString(b[:])
}

var ids IDs

// NewID returns a unique, lower-case, URL-safe id of 26 characters that sorts by the time it was made (48 bits of
// milliseconds, 16 that count, 64 of randomness, much as in a ULID), and those of one process as they were made.
func NewID() string { return ids.At(time.Now()) }

// NewIDAt returns an id that sorts among those of what was made at t.
func NewIDAt(t time.Time) string {
	b := idTime(t)
	rand.Read(b[6:])
	return idEncoding.EncodeToString(b[:])
}

// LeastID sorts before the ids of all that was made at t, to the millisecond, or later, and after all others.
func LeastID(t time.Time) string {
	b := idTime(t)
	return idEncoding.EncodeToString(b[:])
}

// IDAt is the id of what happened at t to what has an id: always the same, and not that of what happened to others.
func IDAt(t time.Time, id string) string {
	b := idTime(t)
	of, _ := idEncoding.DecodeString(id)
	if len(of) == len(b) {
		copy(b[6:], of[6:])
	}
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
