package config

import (
	"crypto/x509"
	"encoding/base64"
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
	if c.ACMEDNSServer != "" {
		f.address("acme-dns-server", c.ACMEDNSServer)
	}
	if (c.ACMEDNSServer == "") != (c.ACMEDNSKeyName == "") || (c.ACMEDNSServer == "") != (c.ACMEDNSKey == "") {
		f.add("acme-dns-server", "goes with acme-dns-key-name and acme-dns-key; set all three, or none to upload a certificate for the base domain")
	}
	if _, err := base64.StdEncoding.DecodeString(c.ACMEDNSKey); err != nil {
		f.add("acme-dns-key", "is not base64; copy it as the name server's configuration has it")
	}
	if (c.ACMEEABKeyID == "") != (c.ACMEEABKey == "") {
		f.add("acme-eab-key", "goes with acme-eab-key-id; set both, or neither for an authority that asks for nothing")
	}
}
