package gateway

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"berth/core"
)

// authority signs certificates of tests.
type authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	root *x509.Certificate
	pool *x509.CertPool
	seal core.Sealer
	made int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	seal, err := core.NewSealer(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{t: t, seal: seal, pool: x509.NewCertPool()}
	a.key = a.newKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(1000 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.root)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return key
}

// issue returns a certificate as it is published, valid for so long.
func (a *authority) issue(id string, valid time.Duration, names ...string) core.PublishedCertificate {
	a.t.Helper()
	a.made++
	key := a.newKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(1 + a.made), Subject: pkix.Name{CommonName: id}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(valid)}
	der, err := x509.CreateCertificate(rand.Reader, template, a.root, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	sealed, err := a.seal.Seal(id, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	if err != nil {
		a.t.Fatal(err)
	}
	return core.PublishedCertificate{ID: id, Names: names, SealedKey: sealed, NotAfter: template.NotAfter,
		Chain: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
}

// secured is a gateway with HTTPS, and who signs its certificates.
type secured struct {
	*fixture
	authority *authority
}

// startSecure runs a gateway that has certificates for the names.
func startSecure(t testing.TB, options Options, names ...string) *secured {
	t.Helper()
	a := newAuthority(t)
	options.Secure, options.Sealer = listen(t), a.seal
	s := &secured{start(t, options), a}
	for _, name := range names {
		s.certify(a.issue("c"+string(rune('a'+a.made)), time.Hour, name))
	}
	return s
}

func (s *secured) certify(all ...core.PublishedCertificate) {
	s.gateway.apply(core.RegistryChange{Certificates: all})
}

// clientTLS is how a client that trusts the authority asks for a name.
func (s *secured) clientTLS(name string, protocols ...string) *tls.Config {
	return &tls.Config{ServerName: name, RootCAs: s.authority.pool, NextProtos: protocols}
}

// dialTLS connects for a name.
func (s *secured) dialTLS(name string) *client {
	s.t.Helper()
	c, err := s.tryTLS(s.clientTLS(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}
