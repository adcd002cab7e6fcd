package core

// Role is what a person is in a tenant.
type Role string

const (
	RoleViewer    Role = "viewer"
	RoleDeveloper Role = "developer"
	RoleAdmin     Role = "admin"
)

// Scope narrows a token.
type Scope string

const (
	ScopeRead   Scope = "read"
	ScopeDeploy Scope = "deploy"
	ScopeAdmin  Scope = "admin"
)

// Valid reports whether s is one of the scopes.
func (s Scope) Valid() bool { return s == ScopeRead || s == ScopeDeploy || s == ScopeAdmin }

// Action is something that a rule allows or denies.
type Action string

const (
	ActView        Action = "view"        // see apps, versions, releases, logs, events of a tenant
	ActDeploy      Action = "deploy"      // create and change apps, versions and releases
	ActDelete      Action = "delete"      // delete apps and their data
	ActCredentials Action = "credentials" // read the credentials of a service
	ActManage      Action = "manage"      // members, tokens and settings of a tenant
	ActOperate     Action = "operate"     // hosts, tenants, the platform; no tenant
)

// rights is the one table of who may do what.
var rights = map[Role]map[Action]bool{
	RoleViewer:    {ActView: true},
	RoleDeveloper: {ActView: true, ActDeploy: true, ActDelete: true, ActCredentials: true},
	RoleAdmin:     {ActView: true, ActDeploy: true, ActDelete: true, ActCredentials: true, ActManage: true},
}

// scopes is what a token of each scope keeps of its owner's rights.
var scopes = map[Scope]map[Action]bool{
	ScopeRead:   {ActView: true},
	ScopeDeploy: {ActView: true, ActDeploy: true},
	ScopeAdmin:  {ActView: true, ActDeploy: true, ActDelete: true, ActCredentials: true, ActManage: true, ActOperate: true},
}

// Can reports whether a may do act in the tenant; tenantID is "" for ActOperate.
func (a Actor) Can(act Action, tenantID string) bool {
	if a.Scope != "" && !scopes[a.Scope][act] {
		return false
	}
	if a.AllTenants() {
		return true
	}
	return act != ActOperate && rights[a.Roles[tenantID]][act]
}

// Authorize returns nil when a may do act in the tenant. Errors: EUNAUTHORIZED for nobody, ENOTFOUND when the
// tenant does not exist for a, EFORBIDDEN otherwise.
func (a Actor) Authorize(act Action, tenantID string) error {
	switch {
	case a.Kind == ActorNobody:
		return Errorf(EUNAUTHORIZED, "error.sign_in_first")
	case a.Can(act, tenantID):
		return nil
	case act != ActOperate && !a.SeesTenant(tenantID):
		return NotFound()
	}
	return Errorf(EFORBIDDEN, "error.forbidden")
}
