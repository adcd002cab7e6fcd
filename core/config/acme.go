package config

import (
	"crypto/x509"
	"net/mail"
	"net/url"
	"os"
)

// ACME reports whether certificates are asked for. The Config must be valid.
func (c Config) ACME() bool { return c.GatewayHTTPS != "" && c.ACMEDirectory != "" }

// ACMERoots returns what the authority's own certificate is checked with; nil for what the system trusts.
func (c Config) ACMERoots() (*x509.CertPool, error) {
	if c.ACMECARoot == "" {
		return nil, nil
	}
	data, err := os.ReadFile(c.ACMECARoot)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(data)
	return pool, nil
}

func (f *faults) acme(c Config) {
	u, err := url.Parse(c.ACMEDirectory)
	if c.ACMEDirectory != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
		f.add("acme-directory", "%q is not the directory of an authority; write its https:// address, or off", c.ACMEDirectory)
	}
	if c.ACMEEmail != "" {
		if a, err := mail.ParseAddress(c.ACMEEmail); err != nil || a.Address != c.ACMEEmail {
			f.add("acme-email", "%q is not an email address; write operator@example.com", c.ACMEEmail)
		}
	}
	if c.ACMECARoot != "" {
		data, err := os.ReadFile(c.ACMECARoot)
		if err != nil || !x509.NewCertPool().AppendCertsFromPEM(data) {
			f.add("acme-ca-root", "%s holds no certificate; name a PEM file that can be read, or leave it out", c.ACMECARoot)
		}
	}
	if (c.ACMEEABKeyID == "") != (c.ACMEEABKey == "") {
		f.add("acme-eab-key", "goes with acme-eab-key-id; set both, or neither for an authority that asks for nothing")
	}
}
