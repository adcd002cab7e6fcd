package gateway

//lint:file-ignore SA1019 net/http pools connections by itself; which one an exchange takes is decided here.

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/http2"

	"berth/core"
)

// h2cConns are the HTTP/2 connections to an instance that speaks it without TLS, as gRPC servers do. Each carries many
// exchanges at once.
type h2cConns struct {
	mu   sync.Mutex
	list []*http2.ClientConn
	gone bool
}

// newTransport returns how the gateway speaks HTTP/2 with instances.
func newTransport() *http2.Transport {
	t, err := http2.ConfigureTransports(&http.Transport{DisableCompression: true, IdleConnTimeout: maxIdleTime,
		HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: streamWindow, MaxReceiveBufferPerConnection: connWindow}})
	if err != nil {
		panic(err) // of a transport that has HTTP/2 already
	}
	t.AllowHTTP, t.ReadIdleTimeout, t.MaxHeaderListSize = true, pingAfter, MaxHeadBytes
	return t
}

// speaksHTTP2 reports whether the instances of the exchange under way do.
func (c *conn) speaksHTTP2() bool {
	return c.rules != nil && c.rules.source.Protocol == core.ProtocolH2C
}

// connectHTTP2 returns what looks like a new HTTP/1.1 connection to an instance that speaks HTTP/2, for one exchange.
func (c *conn) connectHTTP2(i *instance, anew bool) (*upstream, error) {
	far, err := i.h2c.get(c.multiplexer.transport, i.Address.Address, anew, c.Timeouts.Dial)
	if err != nil {
		return nil, err
	}
	i.outUntil.Store(0)
	near, end := net.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	go carry(ctx, far, end)
	return newUpstream(i, bridge{near, cancel}, c.Timeouts.Body), nil
}

// get returns a connection that takes another exchange.
func (s *h2cConns) get(t *http2.Transport, address string, anew bool, limit time.Duration) (*http2.ClientConn, error) {
	s.mu.Lock()
	s.list = slices.DeleteFunc(s.list, func(c *http2.ClientConn) bool { return c.State().Closed })
	for _, c := range s.list {
		if !anew && c.CanTakeNewRequest() {
			s.mu.Unlock()
			return c, nil
		}
	}
	s.mu.Unlock()
	raw, err := net.DialTimeout("tcp", address, limit)
	if err != nil {
		return nil, err
	}
	c, err := t.NewClientConn(raw)
	if err != nil {
		raw.Close()
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		c.SetDoNotReuse()
	} else {
		s.list = append(s.list, c)
	}
	return c, nil
}

// retire lets what is under way end and keeps nothing.
func (s *h2cConns) retire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.list {
		c.SetDoNotReuse()
	}
	s.list, s.gone = nil, true
}

// bridge is the near end of an exchange: closing it ends the exchange at the instance.
type bridge struct {
	net.Conn
	cancel context.CancelFunc
}

// Close implements net.Conn.
func (b bridge) Close() error {
	b.cancel()
	return b.Conn.Close()
}

// carry reads one HTTP/1.1 request from near, has it answered over HTTP/2, and writes the response back. When that
// fails it closes near, as an instance would that breaks off.
func carry(ctx context.Context, far *http2.ClientConn, near net.Conn) {
	defer near.Close()
	r, err := http.ReadRequest(bufio.NewReader(near))
	if err != nil {
		io.WriteString(near, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		return
	}
	if r.Header.Get("Expect") != "" {
		io.WriteString(near, "HTTP/1.1 100 Continue\r\n\r\n")
	}
	res, err := far.RoundTrip(forHTTP2(r).WithContext(ctx))
	if err != nil {
		return
	}
	defer res.Body.Close()
	if _, err := near.Write(appendBridgeHead(nil, r, res)); err == nil && r.Method != http.MethodHead {
		carryBody(near, r, res)
	}
}

// forHTTP2 makes a request of HTTP/1.1 one of HTTP/2.
func forHTTP2(r *http.Request) *http.Request {
	target := r.RequestURI
	r.RequestURI = ""
	if strings.HasPrefix(target, "//") { // would be taken for a host
		r.URL.Scheme, r.URL.Host = "http", r.Host
	} else {
		r.URL = &url.URL{Scheme: "http", Host: r.Host, Opaque: target}
	}
	for _, name := range []string{"Connection", "Upgrade", "Expect"} {
		r.Header.Del(name)
	}
	r.Header.Set("Te", "trailers") // the gateway passes them on, and gRPC insists on it
	if r.Header["User-Agent"] == nil {
		r.Header["User-Agent"] = nil // or else one would be added
	}
	return r
}

// appendBridgeHead writes the head of a response. A body that trailers may follow comes in chunks.
func appendBridgeHead(dst []byte, r *http.Request, res *http.Response) []byte {
	dst = append(strconv.AppendInt(append(dst, "HTTP/1.1 "...), int64(res.StatusCode), 10), " \r\nConnection: close\r\n"...)
	for name, values := range res.Header {
		if name == "Content-Length" || name == "Connection" || name == "Transfer-Encoding" {
			continue
		}
		for _, v := range values {
			dst = append(append(append(append(dst, name...), ": "...), v...), crlf...)
		}
	}
	switch {
	case res.ContentLength >= 0 && res.Trailer == nil && res.StatusCode != http.StatusNoContent:
		dst = append(strconv.AppendInt(append(dst, "Content-Length: "...), res.ContentLength, 10), crlf...)
	case inChunks(r, res):
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return append(dst, crlf...)
}

// inChunks reports whether the body of a response is written in chunks.
func inChunks(r *http.Request, res *http.Response) bool {
	return r.Method != http.MethodHead && res.StatusCode != http.StatusNoContent && res.StatusCode != http.StatusNotModified &&
		(res.ContentLength < 0 || res.Trailer != nil)
}

func carryBody(near io.Writer, r *http.Request, res *http.Response) {
	buffer := getBuffer(largeBuffer)
	defer putBuffer(buffer)
	if !inChunks(r, res) {
		io.CopyBuffer(struct{ io.Writer }{near}, struct{ io.Reader }{res.Body}, buffer)
		return
	}
	for {
		n, err := readChunk(res.Body, buffer)
		if n > 0 {
			if _, err := near.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err == io.EOF {
			near.Write(appendTrailer(nil, res.Trailer))
		}
		if err != nil {
			return
		}
	}
}
