package image

import (
	"sync"
	"time"

	"github.com/opencontainers/go-digest"
)

// pinTime is how long a blob that was pushed, or found to be there already, waits for the manifest that needs it.
const pinTime = 24 * time.Hour

// pins keep blobs that no manifest refers to yet from being collected: those that are being written, and those that
// a push relies on between its first request and its last. Several may rely on the same blob, so pins are counted.
type pins struct {
	mu    sync.Mutex
	blobs map[digest.Digest]*pin
}

type pin struct {
	holders int       // requests and imports that use the blob right now
	waiting int       // pushes whose manifest is still to come,
	until   time.Time // but no longer than this
}

// hold keeps blobs until release is called. With a time, a push then relies on them until its manifest comes, or that
// time; never stands for no push.
func (p *pins) hold(blobs ...digest.Digest) (release func(until time.Time)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blobs == nil {
		p.blobs = map[digest.Digest]*pin{}
	}
	for _, d := range blobs {
		if p.blobs[d] == nil {
			p.blobs[d] = &pin{}
		}
		p.blobs[d].holders++
	}
	return func(until time.Time) { p.release(blobs, until) }
}

// never is the time until which nothing waits.
var never time.Time

func (p *pins) release(blobs []digest.Digest, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range blobs {
		b := p.blobs[d]
		b.holders--
		if until != never {
			b.waiting++
			b.until = until
		}
		p.drop(d)
	}
}

// settle notes that one push's manifest has come for the blobs, and keeps them now.
func (p *pins) settle(blobs []digest.Digest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range blobs {
		if b := p.blobs[d]; b != nil && b.waiting > 0 {
			b.waiting--
			p.drop(d)
		}
	}
}

// unlessHeld calls remove for a blob that nothing holds at now. Nobody can begin to hold it meanwhile: who does so
// afterwards finds it gone.
func (p *pins) unlessHeld(d digest.Digest, now time.Time, remove func() error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.blobs[d]; b != nil {
		if b.until.Before(now) {
			b.waiting = 0
		}
		p.drop(d)
		if p.blobs[d] != nil {
			return nil
		}
	}
	return remove()
}

// drop forgets a pin that holds nothing. The caller has locked.
func (p *pins) drop(d digest.Digest) {
	if b := p.blobs[d]; b.holders == 0 && b.waiting == 0 {
		delete(p.blobs, d)
	}
}
