package gateway

import (
	"io"
	"testing"

	"golang.org/x/net/http2"
)

// One request after the other over TLS; client and origin are in it.
func BenchmarkExchangeTLS(b *testing.B) {
	s := startSecure(b, Options{}, "app.test")
	s.app(tcpOrigin(b, always(okay)).address())
	c := s.dialTLS("app.test")
	answer := make([]byte, len(okay))
	b.ReportAllocs()
	for b.Loop() {
		io.WriteString(c.Conn, browser)
		if _, err := io.ReadFull(c.Reader, answer); err != nil {
			b.Fatal(err)
		}
	}
}

// One request after the other over one HTTP/2 connection; client and origin are in it.
func BenchmarkExchangeHTTP2(b *testing.B) {
	s := startSecure(b, Options{}, "app.test")
	s.app(tcpOrigin(b, always(okay)).address())
	c := s.rawHTTP2()
	c.ReadMetaHeaders = nil
	c.SetReuseFrames()
	stream := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		c.ask(stream, true, ":method", "GET", ":scheme", "https", ":authority", "app.test", ":path", "/a/page?with=query",
			"user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
			"accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "accept-encoding", "gzip, deflate, br",
			"accept-language", "en-US,en;q=0.9", "cookie", "session=0123456789abcdef0123456789abcdef")
		for done := false; !done; {
			frame, err := c.ReadFrame()
			if err != nil {
				b.Fatal(err)
			}
			h := frame.Header()
			done = h.StreamID == stream && h.Flags.Has(http2.FlagDataEndStream)
		}
		stream += 2
	}
}

// A handshake in full, and one that takes a session up; the client's share is in it.
func BenchmarkHandshake(b *testing.B) {
	for name, resumed := range map[string]bool{"full": false, "resumed": true} {
		b.Run(name, func(b *testing.B) {
			s := startSecure(b, Options{}, "app.test")
			s.app(tcpOrigin(b, always(okay)).address())
			config := s.clientTLS("app.test")
			if resumed {
				config.ClientSessionCache = &oneSession{}
			}
			b.ReportAllocs()
			for b.Loop() {
				c, err := s.tryTLS(config)
				if err != nil {
					b.Fatal(err)
				}
				c.send(get)
				c.response("GET")
				c.Close()
			}
		})
	}
}
