package gateway

import (
	"cmp"
	"crypto/tls"
	"net"
	"time"

	"golang.org/x/net/http2"
)

// newTLS returns how the gateway speaks TLS. A client that names a server of which there is no certificate, or none,
// gets the alert unrecognized_name: nothing of anybody is presented to it.
func newTLS(s *certificates) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{http2.NextProtoTLS, "http/1.1"},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			if c := s.find(serverName(hello.ServerName)); c != nil {
				return &c.tls, nil
			}
			return nil, nil // with no certificate configured either, this is unrecognized_name
		},
		WrapSession: func(cs tls.ConnectionState, ss *tls.SessionState) ([]byte, error) {
			ss.Extra = append(ss.Extra, []byte(serverName(cs.ServerName)))
			return ticketKeys.EncryptTicket(cs, ss)
		},
		UnwrapSession: func(ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
			return resume(s, ticket, cs)
		},
	}
}

// ticketKeys makes the keys of session tickets, anew each day, and for this process alone.
var ticketKeys = &tls.Config{}

// resume takes a session up only for the name it was made for, and while that name has a certificate: else a client
// could come in for a name that was withdrawn, or for one that never had a certificate.
func resume(s *certificates, ticket []byte, cs tls.ConnectionState) (*tls.SessionState, error) {
	ss, err := ticketKeys.DecryptTicket(ticket, cs)
	if err != nil || ss == nil {
		return nil, err
	}
	name := serverName(cs.ServerName)
	if len(ss.Extra) != 1 || string(ss.Extra[0]) != name || s.find(name) == nil {
		return nil, nil
	}
	return ss, nil
}

// serverName returns a name as appendDomain has it, "" when it is none.
func serverName(name string) string {
	var space [maxDomain]byte
	domain, ok := appendDomain(space[:0], []byte(name))
	if !ok {
		return ""
	}
	return string(domain)
}

// handshake makes a connection secure, within the time that a head may take, and returns the protocol that the client
// has chosen; "" when it failed.
func (c *conn) handshake() (protocol string) {
	defer c.recovered()
	t := c.net.(*tls.Conn)
	t.SetDeadline(time.Now().Add(c.Timeouts.Head))
	if err := t.Handshake(); err != nil {
		c.badHandshakes.Add(1)
		c.Log.Debug("handshake failed", "client", c.peer.address, "err", err)
		t.Close()
		return ""
	}
	c.handshakes.Add(1)
	state := t.ConnectionState()
	c.server = serverName(state.ServerName)
	if t.SetDeadline(time.Time{}) != nil {
		return ""
	}
	return cmp.Or(state.NegotiatedProtocol, "http/1.1")
}

// misdirected reports whether a secure connection was made for another name than the request's: what is presented
// for one customer leads to no other, even under one wildcard.
func (c *conn) misdirected(domain []byte) bool {
	return c.secure() && string(domain) != c.server
}

func (c *conn) secure() bool { return c.peer.proto == "https" }

// socketOf returns the connection below TLS.
func socketOf(c net.Conn) net.Conn {
	for {
		t, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return c
		}
		c = t.NetConn()
	}
}
