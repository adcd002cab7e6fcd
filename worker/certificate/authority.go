// Package certificate sees to the certificates of verified domains: it asks an authority for them by ACME (RFC 8555),
// renews them, publishes them for the gateways, and says when one ends.
package certificate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"berth/core"
)

// Authority is who certificates are asked from.
type Authority struct {
	Directory string
	Email     string         // "" for none
	Roots     *x509.CertPool // that the authority's own certificate is checked with; nil takes the system's
	EABKeyID  string         // external account binding, where the authority asks for it
	EABKey    string
	DNS       *DNS // where the base domain's wildcard is shown to be Berth's; nil asks for none
}

// client makes an ACME client that answers challenges through the registry: the gateways answer the authority. Those of
// the base domain are answered by its name server.
func (a Authority) client(c core.Certificate, registry core.Registry, log *slog.Logger) *acmez.Client {
	solvers := map[string]acmez.Solver{acme.ChallengeTypeHTTP01: solver{registry}}
	if c.AppID == "" && a.DNS != nil {
		solvers = map[string]acmez.Solver{acme.ChallengeTypeDNS01: a.DNS}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: a.Roots, MinVersion: tls.VersionTLS12}
	return &acmez.Client{
		Client: &acme.Client{Directory: a.Directory, UserAgent: "berth", Logger: log,
			HTTPClient: &http.Client{Transport: transport, Timeout: 30 * time.Second}},
		ChallengeSolvers: solvers,
	}
}

type solver struct{ registry core.Registry }

var _ acmez.Waiter = solver{}

func (s solver) Present(ctx context.Context, c acme.Challenge) error {
	return s.registry.PutChallenge(ctx, core.Challenge{Token: c.Token, KeyAuth: c.KeyAuthorization, Domain: c.Identifier.Value})
}

// knownAfter is how long every gateway may take to know a challenge. An authority that asks before gets a wrong answer,
// and the next try is minutes away.
const knownAfter = 300 * time.Millisecond

// Wait implements acmez.Waiter.
func (solver) Wait(ctx context.Context, _ acme.Challenge) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(knownAfter):
		return nil
	}
}

// CleanUp is also called when ctx has ended.
func (s solver) CleanUp(ctx context.Context, c acme.Challenge) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.registry.DeleteChallenge(ctx, c.Token)
}

// account returns who this Berth is to the authority, and makes itself known at the first call. Of several workers
// that do so at once, one's account is kept.
func (l *Loop) account(ctx context.Context, client *acmez.Client) (acme.Account, error) {
	a := l.opts.Authority
	kept, err := l.opts.Store.Certificates().Account(ctx, a.Directory)
	if core.ErrorCode(err) == core.ENOTFOUND {
		if kept, err = l.register(ctx, client); core.ErrorCode(err) == core.ECONFLICT {
			kept, err = l.opts.Store.Certificates().Account(ctx, a.Directory)
		}
	}
	if err != nil {
		return acme.Account{}, err
	}
	key, err := parseKey(kept.Key)
	return acme.Account{Status: acme.StatusValid, Location: kept.Location, PrivateKey: key}, err
}

func (l *Loop) register(ctx context.Context, client *acmez.Client) (core.ACMEAccount, error) {
	a := l.opts.Authority
	key, text, err := newKey()
	if err != nil {
		return core.ACMEAccount{}, err
	}
	account := acme.Account{TermsOfServiceAgreed: true, PrivateKey: key}
	if a.Email != "" {
		account.Contact = []string{"mailto:" + a.Email}
	}
	if a.EABKeyID != "" {
		if err := account.SetExternalAccountBinding(ctx, client.Client, acme.EAB{KeyID: a.EABKeyID, MACKey: a.EABKey}); err != nil {
			return core.ACMEAccount{}, err
		}
	}
	if account, err = client.NewAccount(ctx, account); err != nil {
		return core.ACMEAccount{}, err
	}
	kept := core.ACMEAccount{Directory: a.Directory, Location: account.Location, Key: text, CreatedAt: l.opts.Now()}
	return kept, l.opts.Store.Certificates().CreateAccount(ctx, kept)
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	return key, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), err
}

func parseKey(text []byte) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, core.Errorf(core.EINTERNAL, "error.internal")
	}
	return x509.ParseECPrivateKey(block.Bytes)
}
