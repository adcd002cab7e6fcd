package core

import (
	"context"
	"net/netip"
	"strings"
	"time"
)

// Domain is a name of a customer's own that leads to an app. It serves once it is verified. The name under the base
// domain needs no row: every app has it.
type Domain struct {
	Name     string // normalised: lower case, ASCII, no dot at the end; "*.example.com" stands for one label more
	AppID    string
	TenantID string

	// Spec, written by people.
	Redirect    string // another domain that every request is sent to, such as "www.example.com"; "" serves the app
	HTTPS       bool   // plain requests are redirected to HTTPS
	Certificate CertificateKind
	Challenge   string // what the TXT record has to say
	CreatedAt   time.Time
	Author      string

	// Status, written by the workers.
	Verified   bool
	VerifiedAt time.Time
	CheckedAt  time.Time
	Problem    Text // why it is not verified, or no longer leads here; with the fix
}

// CertificateKind says where the certificate of a domain comes from.
type CertificateKind string

const (
	CertificateAutomatic CertificateKind = "automatic" // by ACME
	CertificateUploaded  CertificateKind = "uploaded"
	CertificateNone      CertificateKind = "none" // HTTP only
)

// ChallengePrefix is the label below which a TXT record verifies a domain.
const ChallengePrefix = "_berth."

// NormalizeDomain returns name as it is kept: lower case, without a dot at the end. Unicode must have been turned into
// ASCII (IDNA) before.
func NormalizeDomain(name string) string {
	return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(name), "."))
}

// reservedZones are names that mean this machine or a private network, RFC 6761 and RFC 6762 among others.
var reservedZones = []string{"localhost", "local", "internal", "intranet", "lan", "home", "corp", "private", "home.arpa",
	"localdomain", "invalid", "onion"}

// ValidateDomain checks a normalised name of a customer's own: at most 253 characters, at least two labels of a-z, 0-9
// and inner hyphens, at most 63 characters each; no address, nothing that means this machine or a private network. A
// first label of "*" is a wildcard. Errors: EINVALID at field.
func ValidateDomain(field, name string) error {
	bare := strings.TrimPrefix(name, "*.")
	labels := strings.Split(bare, ".")
	if len(name) > 253 || len(labels) < 2 {
		return Invalid(field, "error.domain_malformed", "domain", name)
	}
	for _, l := range labels {
		if len(l) > 63 || !slugPattern.MatchString(l) {
			return Invalid(field, "error.domain_malformed", "domain", name)
		}
	}
	last := labels[len(labels)-1]
	if _, err := netip.ParseAddr(bare); err == nil || last[0] >= '0' && last[0] <= '9' {
		return Invalid(field, "error.domain_address")
	}
	for _, zone := range reservedZones {
		if bare == zone || strings.HasSuffix(bare, "."+zone) {
			return Invalid(field, "error.domain_private", "domain", name)
		}
	}
	return nil
}

// Wildcard reports whether d stands for all names one label longer.
func (d Domain) Wildcard() bool { return strings.HasPrefix(d.Name, "*.") }

// DomainStore keeps domains. Every method is scoped by the actor.
type DomainStore interface {
	// Create adds d. Errors: ECONFLICT at "domain" when it is somebody's already.
	Create(ctx context.Context, d Domain) error
	// Get returns a domain. Errors: ENOTFOUND.
	Get(ctx context.Context, name string) (Domain, error)
	// List returns the domains of an app by name.
	List(ctx context.Context, appID string) ([]Domain, error)
	// Due returns those that were checked last before at, the longest ago first, at most limit. Workers alone call it.
	Due(ctx context.Context, at time.Time, limit int) ([]Domain, error)
	// UpdateSpec writes Redirect, HTTPS and Certificate. Errors: ENOTFOUND.
	UpdateSpec(ctx context.Context, d Domain) error
	// UpdateStatus writes Verified, VerifiedAt, CheckedAt and Problem. Workers alone call it. Errors: ENOTFOUND.
	UpdateStatus(ctx context.Context, d Domain) error
	// Delete removes a domain. Errors: ENOTFOUND.
	Delete(ctx context.Context, name string) error
}
