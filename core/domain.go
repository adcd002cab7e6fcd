package core

import (
	"context"
	"net/netip"
	"strings"
	"time"
)

// Domain is a name of a customer's own that leads to an app. It serves once it is verified. The name under the base
// domain needs no row: every app has it. Several may claim a name; who first shows that it is theirs holds it.
type Domain struct {
	Name     string // normalised: lower case, ASCII, no dot at the end; "*.example.com" stands for one label more
	AppID    string
	TenantID string

	// Spec, written by people.
	Redirect    string // another domain that every request is sent to, such as "www.example.com"; "" serves the app
	HTTPS       bool   // plain requests are redirected to HTTPS, as long as there is a certificate
	Certificate CertificateKind
	Challenge   string // what the TXT record has to say; of this claim alone
	CreatedAt   time.Time
	Author      string

	// Status, written by the workers.
	Verified   bool
	VerifiedAt time.Time
	LostAt     time.Time // since when the record of a verified domain is missed; zero when it is there
	Leads      Lead
	CheckedAt  time.Time
	NextCheck  time.Time
	Problem    Text // why it is not verified, or no longer leads here; with the fix

	Certified bool // a certificate is there; what Get, List and Verified find, never written
}

// Lead says where the address of a domain leads.
type Lead string

// Where a domain may lead.
const (
	LeadsUnknown   Lead = ""          // not looked at yet, or DNS did not answer
	LeadsHere      Lead = "here"      // to the gateways
	LeadsElsewhere Lead = "elsewhere" // to other addresses, or to a network that passes requests on to here
	LeadsNowhere   Lead = "nowhere"   // it has no address
)

// CertificateKind says where the certificate of a domain comes from.
type CertificateKind string

const (
	CertificateAutomatic CertificateKind = "automatic" // by ACME
	CertificateUploaded  CertificateKind = "uploaded"
	CertificateNone      CertificateKind = "none" // HTTP only
)

// Valid reports whether k is one of the kinds.
func (k CertificateKind) Valid() bool {
	return k == CertificateAutomatic || k == CertificateUploaded || k == CertificateNone
}

// ChallengePrefix is the label below which a TXT record verifies a domain.
const ChallengePrefix = "_berth."

// NewChallenge returns what the TXT record of a new claim has to say: 120 random bits.
func NewChallenge() string { return NewSecret()[:24] }

// TXTName returns the name of the TXT record that verifies d.
func (d Domain) TXTName() string { return ChallengePrefix + strings.TrimPrefix(d.Name, "*.") }

// Target returns the name that a CNAME record verifies d with and leads it here by: one of this claim alone, so that
// a record which is left behind proves nothing for whoever has the app's id later. "" where there can be none.
func (d Domain) Target(base string) string {
	target := strings.TrimRight(d.AppID[:min(len(d.AppID), maxLabel-1-len(d.Challenge))], "-") + "-" + d.Challenge + "." + base
	if d.Wildcard() || len(target) > maxDomain {
		return ""
	}
	return target
}

// Validate reports every fault of the spec of d. Errors: EINVALID at "domain", "redirect", "certificate".
func (d Domain) Validate() error {
	var f Faults
	f.Merge("", ValidateDomain("domain", d.Name))
	switch {
	case d.Redirect == "":
	case d.Redirect == d.Name:
		f.Add("redirect", "error.redirect_itself")
	case strings.HasPrefix(d.Redirect, "*.") || d.Wildcard():
		f.Add("redirect", "error.redirect_wildcard")
	default:
		f.Merge("", ValidateDomain("redirect", d.Redirect))
	}
	switch {
	case !d.Certificate.Valid():
		f.Add("certificate", "error.certificate_kind")
	case d.Wildcard() && d.Certificate == CertificateAutomatic:
		f.Add("certificate", "error.certificate_wildcard")
	}
	return f.Err()
}

// Covers reports whether d serves a name that no other domain has for itself.
func (d Domain) Covers(name string) bool {
	if zone, ok := strings.CutPrefix(d.Name, "*."); ok {
		_, parent, _ := strings.Cut(name, ".")
		return parent == zone
	}
	return d.Name == name
}

// The longest that a name of the DNS and one of its labels may be, in characters.
const (
	maxDomain = 253
	maxLabel  = 63
)

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
	if len(name) > maxDomain || len(labels) < 2 {
		return Invalid(field, "error.domain_malformed", "domain", name)
	}
	for _, l := range labels {
		if len(l) > maxLabel || !slugPattern.MatchString(l) {
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

// NewDomain is what a person says to have a domain.
type NewDomain struct {
	Name        string // as typed: Unicode, capitals and a dot at the end are allowed
	Redirect    string
	HTTPS       bool
	Certificate CertificateKind // "" takes automatic; for a wildcard none
}

// DomainStore keeps domains. Every method is scoped by the actor.
type DomainStore interface {
	// Create adds d. Errors: ENOTFOUND for the app, ECONFLICT at "domain" when the tenant has it already or another
	// holds it.
	Create(ctx context.Context, d Domain) error
	// Get returns a domain of an app. Errors: ENOTFOUND.
	Get(ctx context.Context, appID, name string) (Domain, error)
	// List returns the domains of an app by name.
	List(ctx context.Context, appID string) ([]Domain, error)
	// Count returns how many an app has.
	Count(ctx context.Context, appID string) (int, error)
	// Verified returns the verified domains of every app by app and name. Workers alone call it.
	Verified(ctx context.Context) ([]Domain, error)
	// Due returns those whose NextCheck is not after at, and those that were checked in at's future, which a clock that
	// was set back leaves: the longest due first, at most limit. Workers alone call it.
	Due(ctx context.Context, at time.Time, limit int) ([]Domain, error)
	// UpdateSpec writes Redirect, HTTPS and Certificate. Errors: ENOTFOUND.
	UpdateSpec(ctx context.Context, d Domain) error
	// UpdateStatus writes Verified, VerifiedAt, LostAt, Leads, CheckedAt, NextCheck and Problem. Workers alone call it.
	// Errors: ENOTFOUND, ECONFLICT when d would be verified while another holds it.
	UpdateStatus(ctx context.Context, d Domain) error
	// Delete removes a domain and its certificate. Errors: ENOTFOUND.
	Delete(ctx context.Context, appID, name string) error
}
