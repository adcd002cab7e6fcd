package gateway

//lint:file-ignore SA1019 net/http serves listeners only; this serves one connection, whose counts and drain are the gateway's.

import (
	"context"
	"log"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/http2"
)

// Bounds of an HTTP/2 connection.
const (
	maxStreams      = 128      // at once; a stream that was reset counts until its exchange has ended
	maxFrame        = 16 << 10 // the least that may be set: a connection keeps room for one
	streamWindow    = 256 << 10
	connWindow      = 1 << 20 // of all streams together: what a client may send ahead
	spareStreams    = 8       // that are kept for the next requests of the connection
	pingAfter       = 30 * time.Second
	headFieldsExtra = 10 * 32 // what the library adds to the limit of a head
)

// multiplexer speaks HTTP/2 with clients. Its streams become exchanges of connections that speak HTTP/1.1 to the rest
// of the gateway (see stream), so that every check, rule and count is the same for both.
type multiplexer struct {
	base      *http.Server
	server    *http2.Server
	transport *http2.Transport // to instances
}

func newMultiplexer(o *Options) *multiplexer {
	m := &multiplexer{
		base:      &http.Server{MaxHeaderBytes: MaxHeadBytes - headFieldsExtra, ErrorLog: log.New(noLog{}, "", 0)},
		transport: newTransport(),
		server: &http2.Server{MaxConcurrentStreams: maxStreams, MaxReadFrameSize: maxFrame, IdleTimeout: o.Timeouts.Idle, ReadIdleTimeout: pingAfter,
			WriteByteTimeout: o.Timeouts.Body, MaxUploadBufferPerStream: streamWindow, MaxUploadBufferPerConnection: connWindow},
	}
	http2.ConfigureServer(m.base, m.server)
	return m
}

// noLog drops what the library logs: it is about clients that misbehave.
type noLog struct{}

func (noLog) Write(p []byte) (int, error) { return len(p), nil }

// drain tells the clients of all connections that no more requests are taken (GOAWAY). What is under way goes on. It
// may be called again, for connections that were not there yet.
func (m *multiplexer) drain() { m.base.Shutdown(context.Background()) }

// serveHTTP2 serves a secure connection until it ends.
func (c *conn) serveHTTP2() {
	defer c.net.Close()
	s := &session{master: c, open: map[*stream]struct{}{}}
	c.state.Store(connBusy)
	c.session.Store(s)
	c.multiplexer.server.ServeConn(c.net, &http2.ServeConnOpts{BaseConfig: c.multiplexer.base, Handler: s})
	s.ended.Wait()
}

// session is the streams of an HTTP/2 connection.
type session struct {
	master *conn
	ended  sync.WaitGroup // exchanges under way

	mu    sync.Mutex
	open  map[*stream]struct{}
	spare []*stream
}

// ServeHTTP carries the exchange of one stream.
func (s *session) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := s.begin()
	whole := x.exchange(w, r)
	s.end(x)
	if !whole {
		panic(http.ErrAbortHandler) // resets the stream, so that the client sees that the response is not whole
	}
}

func (s *session) begin() *stream {
	s.ended.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	var x *stream
	if n := len(s.spare); n > 0 {
		x = s.spare[n-1]
		s.spare = s.spare[:n-1]
	} else {
		x = newStream(s.master)
	}
	s.open[x] = struct{}{}
	return x
}

func (s *session) end(x *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, x)
	if !x.spoilt && len(s.spare) < spareStreams {
		x.rest()
		s.spare = append(s.spare, x)
	}
	s.ended.Done()
}

// each calls f with the exchanges under way; s may be nil.
func (s *session) each(f func(*conn)) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for x := range s.open {
		f(x.conn)
	}
}
