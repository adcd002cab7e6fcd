package drain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"

	"berth/core"
	"berth/worker/outbound"
)

// sender hands lines to a server. Errors: *refusal when it will not have some of them, however often they are offered;
// any other when they may be offered again, whose message says why.
type sender interface {
	send(ctx context.Context, lines []core.LogRecord) error
	close()
}

// refusal is the answer of a server that will not have lines.
type refusal struct{ why core.Text }

func (r *refusal) Error() string { return r.why.String() }

func newSender(o Options, kind core.DrainKind, target core.DrainTarget) sender {
	trust := trusting(o.TLS, target.Authorities())
	if kind == core.DrainSyslog {
		u, _ := url.Parse(target.URL) // it was validated
		return &syslog{address: u.Host, dialer: tls.Dialer{NetDialer: o.Dial, Config: trust}}
	}
	return newPoster(o, kind, target, trust)
}

// trusting returns usual, but with authorities, if there are any, instead of those known to all.
func trusting(usual *tls.Config, authorities []*x509.Certificate) *tls.Config {
	if len(authorities) == 0 {
		return usual
	}
	c := &tls.Config{RootCAs: x509.NewCertPool()}
	for _, a := range authorities {
		c.RootCAs.AddCert(a)
	}
	return c
}

// unreachable words why a server cannot be reached.
func unreachable(err error) error {
	key := "drain.away"
	var name *net.DNSError
	var cert *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		key = "drain.private"
	case errors.As(err, &name):
		key = "drain.unknown_name"
	case errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &host):
		key = "drain.certificate"
	}
	return core.Wrap(err, core.EUNREACHABLE, key)
}
