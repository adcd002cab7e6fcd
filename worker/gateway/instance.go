package gateway

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"berth/core"
)

const (
	maxIdle     = 256              // connections kept to one instance
	maxIdleTime = 30 * time.Second // that one is kept unused
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
	idle   []*upstream // the one used last comes last
	sweeps bool        // a sweep is due
	gone   bool        // no longer published: what is under way ends, nothing is kept
}

// take returns a resting connection, or nil. safe is for a request that must not be sent twice.
func (i *instance) take(now time.Time, safe bool) *upstream {
	for {
		u := i.pop()
		if u == nil {
			return nil
		}
		rested := now.Sub(u.since)
		if rested < staleAfter && !safe || rested < maxIdleTime && u.fresh() {
			return u
		}
		u.close()
	}
}

func (i *instance) pop() *upstream {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.idle)
	if n == 0 {
		return nil
	}
	u := i.idle[n-1]
	i.idle[n-1] = nil
	i.idle = i.idle[:n-1]
	return u
}

// put keeps a connection after a whole exchange.
func (i *instance) put(u *upstream, now time.Time) {
	u.in.rest(true)
	u.out.rest()
	u.used, u.since = true, now
	i.mu.Lock()
	keep := !i.gone && len(i.idle) < maxIdle
	if keep {
		i.idle = append(i.idle, u)
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

// leaveOut has an instance that could not be reached left out for a while, and reports whether that is news.
func (i *instance) leaveOut(err error) bool {
	if isLocal(err) {
		return true
	}
	now := time.Now()
	return i.outUntil.Swap(now.Add(outFor).UnixNano()) < now.UnixNano()
}

// isLocal reports whether a connection failed for want of something on this machine.
func isLocal(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL} {
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
	for _, u := range idle {
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
	n := 0
	for n < len(i.idle) && i.idle[n].since.Before(limit) {
		n++
	}
	old := append([]*upstream(nil), i.idle[:n]...)
	kept := copy(i.idle, i.idle[n:])
	clear(i.idle[kept:])
	i.idle, i.sweeps = i.idle[:kept], false
	if kept > 0 {
		i.sweepLater()
	}
	i.mu.Unlock()
	for _, u := range old {
		u.close()
	}
}
