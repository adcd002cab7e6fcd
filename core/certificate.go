package core

import (
	"context"
	"time"
)

// Certificate is what the gateways present for a domain, or what is being done to have one.
type Certificate struct {
	ID       string          // of the node in the registry
	TenantID string          // "" for the one of the base domain
	AppID    string          // "" for the one of the base domain
	Domain   string          // that it was made for: a row's name, or "*." and the base domain
	Kind     CertificateKind // of what is presented; of what is asked for while there is nothing

	// What is presented; empty until there is something.
	Names     []string // lower case; "*.example.com" for one label more
	Chain     string   // PEM, the leaf first
	Key       []byte   // PEM; only where a method says so
	Issuer    string   // as people read it: "Let's Encrypt R11"
	NotBefore time.Time
	NotAfter  time.Time

	// Status, written by the workers.
	Error    Text      // why the last try failed, with the fix; zero when it did not
	Tries    int       // that failed since the last success
	NextTry  time.Time // when it is asked for, or renewed; zero when never by itself
	WarnedAt time.Time // when people were told that it ends soon

	CreatedAt time.Time
	UpdatedAt time.Time // when Chain was put here
}

// BaseCertificateID is the id of the certificate for all apps under the base domain.
const BaseCertificateID = "base"

// WarnBefore is how long before the end of a certificate people are told.
const WarnBefore = 14 * 24 * time.Hour

// Ready reports whether there is something to present that is valid at a time.
func (c Certificate) Ready(at time.Time) bool {
	return c.Chain != "" && at.Before(c.NotAfter)
}

// RenewAt returns when a certificate is due to be replaced: at two thirds of its lifetime.
func (c Certificate) RenewAt() time.Time {
	return c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3)
}

// ACMEAccount is who Berth is to a certificate authority.
type ACMEAccount struct {
	Directory string // address of the authority
	Location  string // what the authority calls the account
	Key       []byte // PEM
	CreatedAt time.Time
}

// CertificateStore keeps certificates. Keys lie sealed in it. Methods that take an app are scoped by the actor;
// workers and operators alone call the others.
type CertificateStore interface {
	// Put adds or overwrites the certificate of a domain of an app, or of the base domain, with its Key when that is
	// not nil. Errors: ENOTFOUND for the domain.
	Put(ctx context.Context, c Certificate) error
	// Get returns the certificate of a domain, without its key. For the base domain both are "". Errors: ENOTFOUND.
	Get(ctx context.Context, appID, domain string) (Certificate, error)
	// Ask sets when a certificate is asked for, never by the zero time, and ends what is being done to have one. What is
	// presented stays until another takes its place. Errors: ENOTFOUND.
	Ask(ctx context.Context, appID, domain string, at time.Time) error
	// List returns the certificates of an app by domain, without their keys.
	List(ctx context.Context, appID string) ([]Certificate, error)
	// Delete removes the certificate of a domain; removing what is absent is no error.
	Delete(ctx context.Context, appID, domain string) error
	// Presented returns all that the gateways present, without keys: those of verified domains that have a chain, and
	// the base domain's. Workers alone call it.
	Presented(ctx context.Context) ([]Certificate, error)
	// Failing returns those of verified domains that have no chain after so many tries, without keys. Workers alone call
	// it.
	Failing(ctx context.Context, tries int) ([]Certificate, error)
	// Key returns the private key, PEM. Workers alone call it. Errors: ENOTFOUND.
	Key(ctx context.Context, id string) ([]byte, error)
	// Claim returns a certificate of a verified domain that leads somewhere, or of the base domain, whose NextTry is
	// not after at, and which nobody has claimed; owner has it until at plus lease. The zero Certificate when there is none. Workers
	// alone call it.
	Claim(ctx context.Context, at time.Time, owner string, lease time.Duration) (Certificate, error)
	// Settle writes what came of a claim: everything but ID and whose it is, the Key when it is not nil; and gives the
	// claim back. Errors: ENOTFOUND when the certificate is gone or another has claimed it.
	Settle(ctx context.Context, c Certificate, owner string) error
	// Ending returns those with a chain that end before a time and whose people were not warned since their chain was
	// put. Workers alone call it.
	Ending(ctx context.Context, before time.Time) ([]Certificate, error)
	// Warned notes that people were told. Workers alone call it.
	Warned(ctx context.Context, id string, at time.Time) error

	// Account returns who Berth is to an authority. Workers alone call it. Errors: ENOTFOUND.
	Account(ctx context.Context, directory string) (ACMEAccount, error)
	// CreateAccount keeps an account. Workers alone call it. Errors: ECONFLICT when there is one.
	CreateAccount(ctx context.Context, a ACMEAccount) error
}
