package testenv

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync/atomic"
	"testing"
	"time"
)

// Authority signs certificates of tests.
type Authority struct {
	Pool *x509.CertPool // that trusts it
	PEM  string         // its own certificate
	key  crypto.Signer
	own  *x509.Certificate
}

var serials atomic.Int64

// NewAuthority makes an authority whose certificate is signed by above, or by itself for nil.
func NewAuthority(t testing.TB, name string, above *Authority) *Authority {
	t.Helper()
	a := &Authority{Pool: x509.NewCertPool(), key: newKey(t)}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{"Harbour Trust"}}, IsCA: true,
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0)}
	if above == nil {
		above = &Authority{own: template, key: a.key}
	}
	a.own, a.PEM = above.sign(t, template, a.key)
	a.Pool.AddCert(a.own)
	return a
}

// Issue returns a certificate for names and its key, PEM. With no names it is for nothing.
func (a *Authority) Issue(t testing.TB, from, to time.Time, names ...string) (chain, key string) {
	t.Helper()
	k := newKey(t)
	_, chain = a.sign(t, &x509.Certificate{DNSNames: names, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature}, k)
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return chain, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (a *Authority) sign(t testing.TB, template *x509.Certificate, key crypto.Signer) (*x509.Certificate, string) {
	t.Helper()
	template.SerialNumber = big.NewInt(serials.Add(1))
	der, err := x509.CreateCertificate(rand.Reader, template, a.own, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
