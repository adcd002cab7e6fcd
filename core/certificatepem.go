package core

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"time"
)

// maxCertificatePEM is the most that a chain or a key may take.
const maxCertificatePEM = 64 * 1024

// ReadCertificate checks a chain and its key, PEM, for a domain and returns the certificate they make: Names, Chain, Key,
// Issuer, NotBefore and NotAfter. Errors: EINVALID at "chain" and "key", with what to do.
func ReadCertificate(chain, key, domain string, now time.Time) (Certificate, error) {
	var f Faults
	certs, err := parseChain(chain)
	if err == nil {
		err = checkChain(certs, domain, now)
	}
	f.Merge("", err)
	f.Merge("", checkKey(chain, key, err == nil))
	if err := f.Err(); err != nil {
		return Certificate{}, err
	}
	leaf := certs[0]
	var text strings.Builder
	for _, c := range certs { // what stands between the blocks is left out
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return Certificate{Names: CertificateNames(leaf), Chain: text.String(), Key: []byte(key), Issuer: IssuerName(leaf),
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter}, nil
}

// CertificateNames returns the names that a certificate is for, as gateways look them up.
func CertificateNames(leaf *x509.Certificate) []string {
	var names []string
	for _, n := range leaf.DNSNames {
		if n = NormalizeDomain(n); routeDomain(n) {
			names = append(names, n)
		}
	}
	return names
}

// IssuerName returns who issued a certificate, as people read it.
func IssuerName(leaf *x509.Certificate) string {
	name := strings.TrimSpace(strings.Join(leaf.Issuer.Organization, " ") + " " + leaf.Issuer.CommonName)
	return string([]rune(name)[:min(len([]rune(name)), 200)])
}

func parseChain(text string) (certs []*x509.Certificate, err error) {
	if len(text) > maxCertificatePEM {
		return nil, Invalid("chain", "error.certificate_malformed")
	}
	rest := []byte(text)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, Invalid("chain", "error.certificate_is_key")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, Invalid("chain", "error.certificate_malformed")
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, Invalid("chain", "error.certificate_missing")
	}
	return certs, nil
}

func checkChain(certs []*x509.Certificate, domain string, now time.Time) error {
	leaf := certs[0]
	for i, c := range certs[1:] {
		if certs[i].CheckSignatureFrom(c) != nil {
			return Invalid("chain", "error.certificate_order")
		}
	}
	switch {
	case leaf.IsCA && len(certs) == 1 && len(leaf.DNSNames) == 0:
		return Invalid("chain", "error.certificate_is_ca")
	case !certified(leaf, domain):
		return Invalid("chain", "error.certificate_names", "domain", domain, "names", strings.Join(CertificateNames(leaf), ", "))
	case !now.Before(leaf.NotAfter):
		return Invalid("chain", "error.certificate_expired", "time", leaf.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(leaf.NotBefore.Add(-24 * time.Hour)): // clocks differ
		return Invalid("chain", "error.certificate_early", "time", leaf.NotBefore.UTC().Format(time.DateOnly))
	}
	return nil
}

// certified reports whether a certificate is for a domain: for a wildcard it has to say the same.
func certified(leaf *x509.Certificate, domain string) bool {
	for _, n := range CertificateNames(leaf) {
		if n == domain || !strings.HasPrefix(domain, "*.") && (Domain{Name: n}).Covers(domain) {
			return true
		}
	}
	return false
}

func checkKey(chain, key string, chainGood bool) error {
	block, _ := pem.Decode([]byte(key))
	switch {
	case strings.TrimSpace(key) == "":
		return Invalid("key", "error.key_missing")
	case len(key) > maxCertificatePEM || block == nil:
		return Invalid("key", "error.key_malformed")
	case strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
		return Invalid("key", "error.key_encrypted")
	case !chainGood:
		return nil
	}
	if _, err := tls.X509KeyPair([]byte(chain), []byte(key)); err != nil {
		if strings.Contains(err.Error(), "does not match") {
			return Invalid("key", "error.key_mismatch")
		}
		return Invalid("key", "error.key_malformed")
	}
	return nil
}
