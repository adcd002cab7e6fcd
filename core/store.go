package core

import "context"

// Store keeps everything that must not be lost. Every query is scoped by the actor in the context: rows of a tenant
// that the actor does not see are ENOTFOUND. Errors of every method: EUNAVAILABLE when the database does not answer
// in 5 s, EINSUFFICIENT when its disk is full.
type Store interface {
	Tenants() TenantStore
	Members() MemberStore
	Invitations() InvitationStore
	Users() UserStore
	Sessions() SessionStore
	Tickets() TicketStore
	TwoFactors() TwoFactorStore
	Identities() IdentityStore
	Setup() SetupStore
	Tokens() TokenStore
	Apps() AppStore
	Versions() VersionStore
	Releases() ReleaseStore
	Canaries() CanaryStore
	Drafts() DraftStore
	Instances() InstanceStore
	Answers() AnswerStore
	Hosts() HostStore
	Operations() OperationStore
	Events() EventStore
	Uploads() UploadStore
	Credentials() CredentialStore
	Audit() AuditStore
	Support() SupportStore
	Plans() PlanStore
	Usage() UsageStore
	QuotaRequests() QuotaRequestStore
	TCPPorts() TCPPortStore
	Traffic() TrafficStore
	SwitchCounts() SwitchCountStore
	Scalings() ScalingStore
	Domains() DomainStore
	Certificates() CertificateStore
	Alerts() AlertStore
	LogDrains() LogDrainStore

	// Transact runs f with a store whose writes are one transaction: all or none. f may run again after a
	// serialization failure, so it changes nothing but the store.
	Transact(ctx context.Context, f func(tx Store) error) error
	// Ping checks that the database answers.
	Ping(ctx context.Context) error
	Close() error
}
