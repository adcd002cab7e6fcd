// Package paths makes every address of the portal, so that a route and the links to it cannot drift apart.
package paths

import (
	"net/url"
	"strconv"
)

// Routes without a parameter.
const (
	SignIn         = "/sign-in"
	SignInCode     = "/sign-in/code"
	SignInProvider = "/sign-in/oidc"
	SignInCallback = "/sign-in/oidc/callback" // registered at the provider
	SignOut        = "/sign-out"
	Forgot         = "/forgot"
	Preferences    = "/preferences"
	Uploads        = "/uploads/"
	NewUploadFile  = "/new/upload"
	NewImage       = "/new/image"
	NewDatabase    = "/new/database"
	CheckAddress   = "/new/address"
	Profile        = "/profile"
	OwnTokens      = "/profile/tokens"
	Password       = "/profile/password"
	EndSessions    = "/profile/sessions/end" // all but one's own
	TwoFactor      = "/profile/two-factor"
	ConfirmCode    = "/profile/two-factor/confirm"
	RecoveryCodes  = "/profile/two-factor/codes"
	StopTwoFactor  = "/profile/two-factor/off"
	Support        = "/support"
	SupportSession = "/support/sessions"
	SupportLogs    = "/support/logs"
	TenantConsent  = "/team/consent"
	Tenants        = "/tenants"
	Plans          = "/plans"
	People         = "/people"
	Register       = "/register"
	DeleteAccount  = "/profile/delete"
	FoundTeam      = "/team/new"
	Invite         = "/members/invitations"
	Leave          = "/members/leave"
	PlatformAudit  = "/platform/audit"
	Hosts          = "/hosts"
	CollectGarbage = "/hosts/collect-garbage"
)

// Setup is where the one-time link of the first start leads.
func Setup(secret string) string { return "/setup/" + url.PathEscape(secret) }

// Reset is where the one-time link to a new password leads.
func Reset(secret string) string { return "/reset/" + url.PathEscape(secret) }

// EndSession ends one session of the person's own.
func EndSession(id string) string { return "/profile/sessions/" + url.PathEscape(id) + "/end" }

// ProfileSaved is the profile, saying what was done.
func ProfileSaved(what string) string { return with(Profile, "saved", what) }

// SignInNext and the like lead on to a page of the portal afterwards.
func SignInCodeNext(next string) string     { return with(SignInCode, "next", next) }
func SignInProviderNext(next string) string { return with(SignInProvider, "next", next) }

// Home is the list of a tenant's apps; tenant "" takes the person's first.
func Home(tenant string) string { return inTenant("/", tenant) }

// HomeList is a part of that list: what the filter and the search leave, from cursor on.
func HomeList(tenant, kind, search, cursor string) string {
	return with("/", "tenant", tenant, "kind", kind, "q", search, "cursor", cursor)
}

// HomeLive streams the list.
func HomeLive(tenant, kind, search, cursor string) string {
	return with("/live", "tenant", tenant, "kind", kind, "q", search, "cursor", cursor)
}

// New is the question what one has.
func New(tenant string) string { return inTenant("/new", tenant) }

// NewFile asks for an image file for a new app.
func NewFile(tenant string) string { return inTenant(NewUploadFile, tenant) }

// NewImageName asks for the name of an image for a new app.
func NewImageName(tenant string) string { return inTenant(NewImage, tenant) }

// NewDatabases asks which database it is to be.
func NewDatabases(tenant string) string { return inTenant(NewDatabase, tenant) }

// NewDatabaseOf asks for version, size and name of a database.
func NewDatabaseOf(tenant, entry string) string {
	return inTenant(NewDatabase+"/"+url.PathEscape(entry), tenant)
}

// NewUpload shows what was found in an uploaded file.
func NewUpload(upload string) string { return NewUploadFile + "/" + url.PathEscape(upload) }

// NewUploadState is the part of that page that waits for the look inside.
func NewUploadState(upload string) string { return NewUpload(upload) + "/state" }

// NewUploadName asks for name and size of the app that an upload becomes.
func NewUploadName(upload string) string { return NewUpload(upload) + "/name" }

// CancelUpload drops an upload.
func CancelUpload(upload string) string { return NewUpload(upload) + "/cancel" }

// App is the overview of an app.
func App(app string) string { return "/apps/" + url.PathEscape(app) }

// AppAccepted is the overview, saying that an operation was accepted.
func AppAccepted(app, operation string) string { return with(App(app), "accepted", operation) }

// AppLive streams the overview.
func AppLive(app string) string { return App(app) + "/live" }

// AppHead is the head of an app's pages, with its state.
func AppHead(app string) string { return App(app) + "/head" }

// Versions lists versions and releases.
func Versions(app string) string { return App(app) + "/versions" }

// VersionsLive streams that list.
func VersionsLive(app string) string { return Versions(app) + "/live" }

// VersionsBefore is the list with the releases below a number.
func VersionsBefore(app string, number int) string {
	return with(Versions(app), "before", strconv.Itoa(number))
}

// NewVersion asks for a further version of an app.
func NewVersion(app string) string { return Versions(app) + "/new" }

// NewVersionImage takes the name of an image as a further version.
func NewVersionImage(app string) string { return NewVersion(app) + "/image" }

// NewVersionUpload shows what was found in a file that was uploaded for an app.
func NewVersionUpload(app, upload string) string {
	return NewVersion(app) + "/" + url.PathEscape(upload)
}

// DeleteVersion removes a version.
func DeleteVersion(app, label string) string {
	return Versions(app) + "/" + url.PathEscape(label) + "/delete"
}

// Deploy asks what is needed to release a version; label "" takes the newest.
func Deploy(app, label string) string { return with(App(app)+"/deploy", "version", label) }

// Rollback releases an old release again.
func Rollback(app string) string { return App(app) + "/rollback" }

// Scale changes the number of instances.
func Scale(app string) string { return App(app) + "/scale" }

// Start, Stop and Restart act on an app.
func Start(app string) string   { return App(app) + "/start" }
func Stop(app string) string    { return App(app) + "/stop" }
func Restart(app string) string { return App(app) + "/restart" }

// DeleteApp asks for the name, then deletes.
func DeleteApp(app string) string { return App(app) + "/delete" }

// Logs shows what the instances write.
func Logs(app string) string { return App(app) + "/logs" }

// LogSocket streams it.
func LogSocket(app string) string { return Logs(app) + "/socket" }

// LogsWith is the page with a search in it.
func LogsWith(app string, search url.Values) string { return withAll(Logs(app), search) }

// LogLines returns lines for the page, LogMarks what happened to the app beside them.
func LogLines(app string) string { return Logs(app) + "/lines" }
func LogMarks(app string) string { return Logs(app) + "/marks" }

// LogFile is all that a search finds.
func LogFile(app string, search url.Values) string { return withAll(Logs(app)+"/file", search) }

func withAll(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// Settings of an app.
func Settings(app string) string { return App(app) + "/settings" }

// RenameApp changes the name that people read.
func RenameApp(app string) string { return Settings(app) + "/name" }

// Activity of an app.
func Activity(app string) string { return App(app) + "/activity" }

// ActivityBefore is the activity before an event.
func ActivityBefore(app, event string) string { return with(Activity(app), "before", event) }

// TenantActivity is what happened in a tenant.
func TenantActivity(tenant string) string { return inTenant("/activity", tenant) }

// TenantActivityBefore is the activity of a tenant before an event.
func TenantActivityBefore(tenant, event string) string {
	return with("/activity", "tenant", tenant, "before", event)
}

// Connection says how a database is reached.
func Connection(app string) string { return App(app) + "/connection" }

// Credentials reveals what a database is reached with.
func Credentials(app string) string { return Connection(app) + "/credentials" }

// Operation shows an operation.
func Operation(id string) string { return "/operations/" + url.PathEscape(id) }

// OperationLive streams it.
func OperationLive(id string) string { return Operation(id) + "/live" }

// Tokens of a tenant.
func Tokens(tenant string) string { return inTenant("/tokens", tenant) }

// SupportSearch finds what the support staff look for; tenant asks for a session there.
func SupportSearch(q, tenant string) string { return with(Support, "q", q, "tenant", tenant) }

// EndSupport ends a support session.
func EndSupport(id string) string { return SupportSession + "/" + url.PathEscape(id) + "/end" }

// DecideSupport agrees to a support session or refuses it.
func DecideSupport(id string) string { return SupportSession + "/" + url.PathEscape(id) + "/consent" }

// AppSideBySide shows the logs of an app's instances next to each other.
func AppSideBySide(app string) string { return with(SupportLogs, "app", app) }

// InstanceLogSocket streams what one instance writes.
func InstanceLogSocket(app, instance string) string {
	return with(LogSocket(app), "instance", instance)
}

// Members says who is in a tenant.
func Members(tenant string) string { return inTenant("/members", tenant) }

// MemberRole changes the role of a member.
func MemberRole(user string) string { return "/members/" + url.PathEscape(user) + "/role" }

// RemoveMember ends a membership.
func RemoveMember(user string) string { return "/members/" + url.PathEscape(user) + "/remove" }

// RenewInvitation gives an invitation a new link.
func RenewInvitation(id string) string { return Invite + "/" + url.PathEscape(id) + "/renew" }

// RevokeInvitation takes an invitation back.
func RevokeInvitation(id string) string { return Invite + "/" + url.PathEscape(id) + "/revoke" }

// Invitation is where the link of an invitation leads.
func Invitation(secret string) string { return "/invitations/" + url.PathEscape(secret) }

// Quota shows what a tenant may use and uses.
func Quota(tenant string) string { return inTenant("/quota", tenant) }

// QuotaOver is the quota with what was used over a span of time.
func QuotaOver(tenant, span string) string { return with("/quota", "tenant", tenant, "over", span) }

// QuotaRequests takes a wish for more.
const QuotaRequests = "/quota/requests"

// WithdrawQuota takes a wish back.
func WithdrawQuota(request string) string {
	return QuotaRequests + "/" + url.PathEscape(request) + "/withdraw"
}

// Budget bounds what an app takes of its tenant's quota.
func Budget(app string) string { return App(app) + "/budget" }

// QuotaCheck says what a release of an app would take.
func QuotaCheck(app string) string { return App(app) + "/quota-check" }

// NewQuotaCheck says what a new app, or one of a catalogue's entry, would take.
func NewQuotaCheck(tenant, entry string) string {
	return with("/new/quota-check", "tenant", tenant, "entry", entry)
}

// Plan changes a plan.
func Plan(name string) string { return Plans + "/" + url.PathEscape(name) }

// DeletePlan removes a plan that no tenant has.
func DeletePlan(name string) string { return Plan(name) + "/delete" }

// ApproveQuota and RefuseQuota answer a wish.
func ApproveQuota(request string) string { return PlanRequest(request) + "/approve" }
func RefuseQuota(request string) string  { return PlanRequest(request) + "/refuse" }

// PlanRequest is a wish, as operators see it.
func PlanRequest(request string) string { return "/plan-requests/" + url.PathEscape(request) }

// Audit says who did what in a tenant.
func Audit(tenant string) string { return inTenant("/audit", tenant) }

// AppAudit says who did what to an app.
func AppAudit(tenant, app string) string { return with("/audit", "tenant", tenant, "app", app) }

// AuditExport has what is shown of a tenant as a file.
const AuditExport = "/audit/export"

// PlatformAuditExport has what is shown of the platform as a file.
const PlatformAuditExport = PlatformAudit + "/export"

// TenantSettings are the settings of a tenant.
func TenantSettings(tenant string) string { return inTenant("/team", tenant) }

// DeleteTenant asks for the name, then deletes a tenant.
func DeleteTenant(tenant string) string { return inTenant("/team/delete", tenant) }

// Tenant is the operator's page of a tenant.
func Tenant(tenant string) string { return Tenants + "/" + url.PathEscape(tenant) }

// TenantList is a part of the operator's list of tenants.
func TenantList(search, cursor string) string { return with(Tenants, "q", search, "cursor", cursor) }

// PeopleList is a part of the operator's list of people.
func PeopleList(search, cursor string) string { return with(People, "q", search, "cursor", cursor) }

// PersonPowers makes a person an operator or of the support staff, or neither.
func PersonPowers(person string) string { return People + "/" + url.PathEscape(person) + "/powers" }

// PersonAccess helps a person who cannot sign in any more.
func PersonAccess(person string) string { return People + "/" + url.PathEscape(person) + "/access" }

// PersonResetLink makes a link for a new password of a person.
func PersonResetLink(person string) string {
	return People + "/" + url.PathEscape(person) + "/reset-link"
}

// PersonTwoFactor switches a person's two-factor off.
func PersonTwoFactor(person string) string {
	return People + "/" + url.PathEscape(person) + "/two-factor"
}

// DeletePerson asks for the email, then deletes a person.
func DeletePerson(person string) string { return People + "/" + url.PathEscape(person) + "/delete" }

// LogDrains are where a tenant's logs are forwarded to.
func LogDrains(tenant string) string { return inTenant("/log-drains", tenant) }

// ChangeLogDrain shows the form that changes one of them.
func ChangeLogDrain(tenant, id string) string {
	return with("/log-drains", "tenant", tenant, "change", id) + "#drain"
}

// LogDrain changes one of them.
func LogDrain(id string) string { return "/log-drains/" + url.PathEscape(id) }

// DeleteLogDrain ends one.
func DeleteLogDrain(id string) string { return LogDrain(id) + "/delete" }

// DeleteToken revokes a token.
func DeleteToken(id string) string { return "/tokens/" + url.PathEscape(id) + "/delete" }

// DeleteOwnToken revokes a token of the person who asks.
func DeleteOwnToken(id string) string { return OwnTokens + "/" + url.PathEscape(id) + "/delete" }

func inTenant(path, tenant string) string { return with(path, "tenant", tenant) }

// with adds the parameters that have a value.
func with(path string, kv ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			q.Set(kv[i], kv[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
