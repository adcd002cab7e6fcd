package tcp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"time"
)

// postgresALPN is what PostgreSQL's clients offer when they begin with TLS at once, and insist on.
const postgresALPN = "postgresql"

// newTLSConfig is for a server's name whose TLS ends here. Its certificate is that of the name, whatever a client asks
// for: a route never shows what belongs to another.
func newTLSConfig(name string, certificate func(string) *tls.Certificate) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		if c := certificate(name); c != nil {
			return c, nil
		}
		return nil, errors.New("tcp: there is no certificate for " + name)
	}}
	postgres := config.Clone()
	postgres.NextProtos = []string{postgresALPN}
	config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if slices.Contains(h.SupportedProtos, postgresALPN) {
			return postgres, nil
		}
		return nil, nil
	}
	return config
}

// terminate ends the TLS of a client, whose first bytes were read already.
func (c *conn) terminate(r *route, greeting hello) (side, error) {
	t := tls.Server(&replayed{TCPConn: c.client, read: greeting.read}, r.config)
	c.client.SetDeadline(time.Now().Add(c.port.server.Timeouts.Hello))
	if err := t.HandshakeContext(context.Background()); err != nil {
		return nil, err
	}
	c.client.SetDeadline(time.Time{})
	return secure{t}, nil
}

// replayed is a connection whose first bytes are read once more.
type replayed struct {
	*net.TCPConn
	read []byte
}

// Read implements net.Conn.
func (r *replayed) Read(b []byte) (int, error) {
	if len(r.read) == 0 {
		return r.TCPConn.Read(b)
	}
	n := copy(b, r.read)
	if r.read = r.read[n:]; len(r.read) == 0 {
		r.read = nil
	}
	return n, nil
}

// secure is a side whose TLS ends here.
type secure struct{ *tls.Conn }

func (secure) socket() *net.TCPConn { return nil }

func (s secure) reader() func(use func([]byte) error) (int, error) {
	return func(use func([]byte) error) (int, error) {
		buffer := buffers.Get().(*[bufferSize]byte)
		defer buffers.Put(buffer)
		n, err := s.Read(buffer[:])
		if n > 0 {
			if failure := use(buffer[:n]); failure != nil {
				return n, failure
			}
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			err = io.EOF // many clients end without saying so in TLS
		}
		return n, err
	}
}

// CloseWrite says that nothing more comes, in TLS and below it.
func (s secure) CloseWrite() error {
	if err := s.Conn.CloseWrite(); err != nil {
		return err
	}
	if under, ok := s.NetConn().(*replayed); ok {
		return under.CloseWrite()
	}
	return nil
}
