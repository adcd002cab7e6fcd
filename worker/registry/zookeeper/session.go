package zookeeper

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/core"
)

// callTimeout bounds every call, however long its context lasts.
const callTimeout = 4 * time.Second

// A session is the connection for what is asked and written, and for ephemeral nodes. The library keeps it through
// broken connections. One that has been away for longer than a session lasts is replaced: a server that lost its data
// would refuse it for ever, for having seen more than the server has. Nothing is watched through it; see watch.go.
type session struct {
	opts    Options
	contact *contact

	mu     sync.Mutex
	conn   *zk.Conn
	number int           // of conn; events of older ones mean nothing
	ready  chan struct{} // closed while there is a session
	lost   time.Time     // since when there is none; zero while there is one
	closed bool
}

func openSession(o Options, c *contact) (*session, error) {
	s := &session{opts: o, contact: c, ready: make(chan struct{}), lost: time.Now()}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s, s.open()
}

// open makes a new connection; mu is held.
func (s *session) open() error {
	s.number++
	number := s.number
	conn, err := connect(s.opts, dialer(s.contact), func(e zk.Event) { s.changed(number, e) })
	if err != nil {
		return err
	}
	s.conn = conn
	s.expect(number)
	return nil
}

// expect replaces the connection unless it has a session in time.
func (s *session) expect(number int) {
	time.AfterFunc(s.opts.Timeout, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed || number != s.number || time.Since(s.lost) < s.opts.Timeout || s.lost.IsZero() {
			return
		}
		go s.conn.Close() // waits for an answer that may never come
		if err := s.open(); err != nil {
			s.opts.Log.Error("no new connection to ZooKeeper can be made", "error", err)
		}
	})
}

func (s *session) close() {
	s.mu.Lock()
	conn := s.conn
	s.closed = true
	s.mu.Unlock()
	conn.Close()
}

// changed hears of every change of a connection; it must not block.
func (s *session) changed(number int, e zk.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Type != zk.EventSession || s.closed || number != s.number {
		return
	}
	switch connected := s.lost.IsZero(); {
	case e.State == zk.StateHasSession && !connected:
		s.opts.Log.Info("ZooKeeper answers", "server", e.Server, "after", time.Since(s.lost).Round(time.Millisecond))
		close(s.ready)
		s.lost = time.Time{}
	case e.State != zk.StateHasSession && connected:
		s.opts.Log.Warn("ZooKeeper is out of reach; the last known stays in force", "server", e.Server)
		s.ready = make(chan struct{})
		s.lost = time.Now()
		s.expect(number)
	}
}

// await returns the connection when it has a session. It is patient right after a loss, so that a short one is not noticed, and
// answers at once when ZooKeeper has been away for longer.
func (s *session) await(ctx context.Context) (*zk.Conn, error) {
	s.mu.Lock()
	conn, ready, patience := s.conn, s.ready, callTimeout-time.Since(s.lost)
	s.mu.Unlock()
	select {
	case <-ready:
		return conn, nil
	default:
	}
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case <-ready:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.conn, nil
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	case <-timeout.C:
		return nil, unavailable(zk.ErrNoServer)
	}
}

// call asks f of a session. When the connection breaks on the way it asks again, within its time: everything that is
// asked is idempotent. Errors of ZooKeeper itself (ErrNoNode and such) are returned as they are; EUNAVAILABLE.
func call[T any](ctx context.Context, s *session, f func(*zk.Conn) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var none T
	for {
		conn, err := s.await(ctx)
		if err != nil {
			return none, err
		}
		v, err := answer(ctx, conn, f)
		if !broken(err) {
			return v, err
		}
		select {
		case <-ctx.Done():
			return none, unavailable(err)
		case <-time.After(20 * time.Millisecond): // until the library has noticed
		}
	}
}

// answer returns with ctx although the library's calls know no context.
func answer[T any](ctx context.Context, conn *zk.Conn, f func(*zk.Conn) (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f(conn)
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, unavailable(ctx.Err())
	}
}

// broken reports whether err says that the connection went, not what ZooKeeper answered.
func broken(err error) bool {
	return errors.Is(err, zk.ErrConnectionClosed) || errors.Is(err, zk.ErrSessionExpired) ||
		errors.Is(err, zk.ErrNoServer) || errors.Is(err, zk.ErrSessionMoved) || errors.Is(err, zk.ErrClosing)
}

func unavailable(cause error) error {
	return core.Wrap(cause, core.EUNAVAILABLE, "error.registry_unavailable")
}
