package gateway

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"berth/core"
)

const (
	// maxIdle is how many connections each lane keeps to one instance: a lane cannot use those of another, so one that
	// shared the room with others would dial for every request while they fill it.
	maxIdle = 256
	// maxIdleTime is how long one is kept unused.
	maxIdleTime = 60 * time.Second
	// staleAfter is how long a connection may rest before it is looked at again: servers close connections that
	// rest, the shortest after a second or two, and a request that meets the end of one cannot always be repeated.
	staleAfter = 500 * time.Millisecond
	// outFor is how long an instance that refuses connections gets no requests, while others are there.
	outFor = 2 * time.Second
)

// instance is an address of an app and the connections to it that rest.
type instance struct {
	core.Address
	counts   counter
	version  *counter     // of its version, which other instances share
	outUntil atomic.Int64 // Unix nanoseconds; refuses connections
	standing standing
	load     load
	tag      uint64 // by which visitors find it again

	h2c h2cConns // when it speaks HTTP/2

	mu     sync.Mutex
	idle   [][]*upstream // by lane; the one used last comes last
	sweeps bool          // a sweep is due
	gone   bool          // no longer published: what is under way ends, nothing is kept
}

// take returns a resting connection, or nil. safe is for a request that must not be sent twice.
func (i *instance) take(lane int, now time.Time, safe bool) *upstream {
	for {
		u := i.pop(lane)
		if u == nil {
			return nil
		}
		rested := now.Sub(u.since)
		if rested < maxIdleTime && (!safe && u.seemsFresh(rested) || u.fresh()) {
			return u
		}
		u.close()
	}
}

func (i *instance) pop(lane int) *upstream {
	i.mu.Lock()
	defer i.mu.Unlock()
	if lane >= len(i.idle) {
		return nil
	}
	idle := i.idle[lane]
	n := len(idle)
	if n == 0 {
		return nil
	}
	u := idle[n-1]
	idle[n-1] = nil
	i.idle[lane] = idle[:n-1]
	return u
}

// put keeps a connection after a whole exchange.
func (i *instance) put(u *upstream, now time.Time) {
	u.in.rest(true)
	u.out.rest()
	u.used, u.since = true, now
	i.mu.Lock()
	lane := 0
	if u.link != nil {
		lane = u.link.loop.number
	}
	for lane >= len(i.idle) {
		i.idle = append(i.idle, nil)
	}
	keep := !i.gone && len(i.idle[lane]) < maxIdle
	if keep {
		i.idle[lane] = append(i.idle[lane], u)
		i.sweepLater()
	}
	i.mu.Unlock()
	if !keep {
		u.close()
	}
}

// dial connects.
func (i *instance) dial(limit, patience time.Duration) (*upstream, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", i.Address.Address)
	if err != nil {
		return nil, err
	}
	i.outUntil.Store(0)
	return newUpstream(i, c, patience), nil
}

// shortageEvery is how often it is told at most that this machine lacks something: every request may find out.
const shortageEvery = time.Second

// shortageTold is when it was told last, nanoseconds since epoch; 0 for never.
var shortageTold atomic.Int64

// leaveOut has an instance that could not be reached left out for a while, and reports whether that is news.
func (i *instance) leaveOut(err error) bool {
	now := time.Now()
	if isLocal(err) {
		told, at := shortageTold.Load(), int64(now.Sub(epoch))
		return (told == 0 || at-told >= int64(shortageEvery)) && shortageTold.CompareAndSwap(told, at)
	}
	return i.outUntil.Swap(now.Add(outFor).UnixNano()) < now.UnixNano()
}

// isLocal reports whether a connection failed for want of something on this machine.
func isLocal(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.ENOSPC} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// out reports whether a request goes to another instance, if there is one.
func (i *instance) out(now int64) bool {
	return now < i.outUntil.Load() || now < i.standing.full.Load() && i.standing.held(now)
}

// away reports whether it gets no request at all at now.
func (i *instance) away(now int64) bool {
	return now < i.outUntil.Load() || now < i.standing.ejected.Load()
}

// retire closes what rests and keeps nothing from now on.
func (i *instance) retire() {
	i.mu.Lock()
	idle := i.idle
	i.idle, i.gone = nil, true
	i.mu.Unlock()
	i.h2c.retire()
	for _, u := range slices.Concat(idle...) {
		u.close()
	}
}

// sweepLater has connections closed that rest too long; mu is held.
func (i *instance) sweepLater() {
	if !i.sweeps {
		i.sweeps = true
		time.AfterFunc(maxIdleTime, i.sweep)
	}
}

func (i *instance) sweep() {
	limit := time.Now().Add(-maxIdleTime)
	i.mu.Lock()
	var old []*upstream
	i.sweeps = false
	for lane, idle := range i.idle {
		n := 0
		for n < len(idle) && idle[n].since.Before(limit) {
			n++
		}
		old = append(old, idle[:n]...)
		if i.idle[lane] = slices.Delete(idle, 0, n); n < len(idle) {
			i.sweepLater()
		}
	}
	i.mu.Unlock()
	for _, u := range old {
		u.close()
	}
}
