package gateway

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/bcrypt"

	"berth/core"
)

// door asks for a name and a password. To compare one with its hash takes tens of milliseconds, on purpose, so a pair
// that was right is remembered, by a keyed hash and in this process alone.
type door struct {
	users []core.BasicUser
	line  string        // of the answer that asks
	slots chan struct{} // of the gateway: so many are compared at once
	wrong *limiter
	key   [sha256.Size]byte
	mu    sync.Mutex // held while known is replaced
	known atomic.Pointer[map[[sha256.Size]byte]bool]
}

const (
	maxComparing = 2
	comparePause = 5 * time.Second // that a comparison waits for its turn
	maxKnown     = 256
	maxWrong     = 10 // passwords of one client, in a minute
)

// newDoor returns nil when there is nobody to ask for. One that asks for the same people stays.
func newDoor(users []core.BasicUser, realm string, slots chan struct{}, before []*ruleset) *door {
	if len(users) == 0 {
		return nil
	}
	for _, b := range before {
		if b.door != nil && slices.Equal(b.door.users, users) {
			return b.door
		}
	}
	d := &door{users: users, slots: slots, wrong: newLimiter(maxWrong, time.Minute, maxWrong)}
	d.line = `WWW-Authenticate: Basic realm="` + realm + `", charset="UTF-8"` + "\r\n"
	rand.Read(d.key[:])
	d.known.Store(&map[[sha256.Size]byte]bool{})
	return d
}

// ask says whether what an Authorization field holds opens the door: PageKind "" does.
func (d *door) ask(authorization []byte, q *question) (page PageKind, line string) {
	var space [maxCredentials]byte
	name, password, ok := basicPair(space[:], authorization)
	if !ok {
		return PageUnauthorized, d.line
	}
	digest := d.digest(name, password)
	if (*d.known.Load())[digest] {
		return "", ""
	}
	if wait := d.wrong.wait(q.client, q.now); wait > 0 {
		return PageLimited, retryLine(wait)
	}
	return d.awaitTurn(q.task, digest, name, password, q.client)
}

func (d *door) awaitTurn(t *task, digest [sha256.Size]byte, name, password []byte, client netip.Addr) (page PageKind,
	line string) {
	n, p := bytes.Clone(name), bytes.Clone(password) // or else those of every request would be on the heap
	t.await(func() { page, line = d.queue(digest, n, p, client) })
	return page, line
}

// queue waits for a slot to compare a pair.
func (d *door) queue(digest [sha256.Size]byte, name, password []byte, client netip.Addr) (page PageKind, line string) {
	select {
	case d.slots <- struct{}{}:
	case <-time.After(comparePause):
		return PageUnavailable, ""
	}
	defer func() { <-d.slots }()
	return d.compare(digest, name, password, client)
}

// compare compares a pair that is not known with its hash; it has a slot.
func (d *door) compare(digest [sha256.Size]byte, name, password []byte, client netip.Addr) (page PageKind, line string) {
	if (*d.known.Load())[digest] { // somebody else has come by it meanwhile
		return "", ""
	}
	if wait := d.wrong.take(client, time.Now()); wait > 0 {
		return PageLimited, retryLine(wait)
	}
	hash, found := d.users[0].Hash, false // an unknown name takes as long as a wrong password
	for _, u := range d.users {
		if subtle.ConstantTimeCompare([]byte(u.Name), name) == 1 {
			hash, found = u.Hash, true
		}
	}
	if bcrypt.CompareHashAndPassword([]byte(hash), core.PreviewKey(password)) != nil || !found {
		return PageUnauthorized, d.line
	}
	d.remember(digest)
	d.wrong.giveBack(client)
	return "", ""
}

// remember replaces what is known, so that asking takes no lock. There are as few as there are people.
func (d *door) remember(digest [sha256.Size]byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := map[[sha256.Size]byte]bool{digest: true}
	if known := *d.known.Load(); len(known) < maxKnown {
		maps.Copy(next, known)
	}
	d.known.Store(&next)
}

// digest of a pair, keyed. A name has no colon, so that two pairs never are one.
func (d *door) digest(name, password []byte) [sha256.Size]byte {
	var space [1024]byte
	text := append(append(space[:0], d.key[:]...), name...)
	return sha256.Sum256(append(append(text, ':'), password...))
}

// basicPair reads "Basic " and base64 of a name, a colon and a password into space.
func basicPair(space, authorization []byte) (name, password []byte, ok bool) {
	coded, ok := cutPrefixFold(authorization, "basic ")
	if !ok || len(coded) > maxCredentials {
		return nil, nil, false
	}
	n, err := base64.StdEncoding.Decode(space, bytes.TrimLeft(coded, " "))
	if err != nil {
		return nil, nil, false
	}
	return bytes.Cut(space[:n], colon)
}

const maxCredentials = 1024

var colon = []byte(":")
