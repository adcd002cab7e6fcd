package core

// Role is what a person is in a tenant.
type Role string

const (
	RoleViewer    Role = "viewer"
	RoleDeveloper Role = "developer"
	RoleAdmin     Role = "admin"
	RoleSupport   Role = "support" // what somebody of the support staff is while a support session is open; never a member's
)

// Roles are those that a member can have, the least first.
var Roles = []Role{RoleViewer, RoleDeveloper, RoleAdmin}

// Valid reports whether r is one that a member can have.
func (r Role) Valid() bool { return r == RoleViewer || r == RoleDeveloper || r == RoleAdmin }

// Scope narrows a token.
type Scope string

const (
	ScopeRead   Scope = "read"
	ScopeDeploy Scope = "deploy"
	ScopeAdmin  Scope = "admin"
)

// Scopes are all of them, the least first.
var Scopes = []Scope{ScopeRead, ScopeDeploy, ScopeAdmin}

// Valid reports whether s is one of the scopes.
func (s Scope) Valid() bool { return s == ScopeRead || s == ScopeDeploy || s == ScopeAdmin }

// Action is something that a rule allows or denies.
type Action string

const (
	ActView        Action = "view"        // see that apps exist, their states, instances, events and operations
	ActLogs        Action = "logs"        // read what instances write
	ActInspect     Action = "inspect"     // see versions, releases, their environment but its secrets, traffic
	ActCreate      Action = "create"      // bring new apps into a tenant
	ActDeploy      Action = "deploy"      // change apps, their versions and releases
	ActAlert       Action = "alert"       // say when people are told that something is wrong, and when not
	ActDelete      Action = "delete"      // delete apps and their data
	ActCredentials Action = "credentials" // read the credentials of a service
	ActMembers     Action = "members"     // see who is in a tenant, its quota and its use
	ActManage      Action = "manage"      // members, invitations, tokens, budgets and settings of a tenant
	ActAudit       Action = "audit"       // read who did what in a tenant
	ActSupport     Action = "support"     // find any tenant's apps and open support sessions; no tenant
	ActOperate     Action = "operate"     // hosts, tenants, plans, people, the platform; no tenant
)

// platform are the actions that belong to no tenant.
var platform = map[Action]bool{ActSupport: true, ActOperate: true}

// whole are the actions on more than single apps: out of reach for a token that is narrowed to some.
var whole = map[Action]bool{ActCreate: true, ActAlert: true, ActMembers: true, ActManage: true, ActAudit: true, ActSupport: true, ActOperate: true}

// rights is the one table of who may do what in a tenant. Beyond it an operator may do everything, and the support
// staff ActSupport.
var rights = map[Role]map[Action]bool{
	RoleSupport:   allow(ActView, ActLogs),
	RoleViewer:    allow(ActView, ActLogs, ActInspect, ActMembers),
	RoleDeveloper: allow(ActView, ActLogs, ActInspect, ActMembers, ActCreate, ActDeploy, ActAlert, ActDelete, ActCredentials),
	RoleAdmin:     allow(ActView, ActLogs, ActInspect, ActMembers, ActCreate, ActDeploy, ActAlert, ActDelete, ActCredentials, ActManage, ActAudit),
}

// scopes is what a token of each scope keeps of its owner's rights.
var scopes = map[Scope]map[Action]bool{
	ScopeRead:   allow(ActView, ActLogs, ActInspect, ActMembers),
	ScopeDeploy: allow(ActView, ActLogs, ActInspect, ActMembers, ActCreate, ActDeploy, ActAlert),
	ScopeAdmin: allow(ActView, ActLogs, ActInspect, ActMembers, ActCreate, ActDeploy, ActAlert, ActDelete, ActCredentials, ActManage, ActAudit,
		ActSupport, ActOperate),
}

func allow(actions ...Action) map[Action]bool {
	set := make(map[Action]bool, len(actions))
	for _, a := range actions {
		set[a] = true
	}
	return set
}

// Can reports whether a may do act in the tenant; tenantID is "" for what belongs to no tenant.
func (a Actor) Can(act Action, tenantID string) bool {
	if a.Scope != "" && !scopes[a.Scope][act] || a.Apps != nil && whole[act] {
		return false
	}
	if a.AllTenants() {
		return true
	}
	if platform[act] {
		return act == ActSupport && a.Support
	}
	return rights[a.Roles[tenantID]][act]
}

// Authorize returns nil when a may do act in the tenant. Errors: EUNAUTHORIZED for nobody, ENOTFOUND when the
// tenant does not exist for a, EFORBIDDEN otherwise.
func (a Actor) Authorize(act Action, tenantID string) error {
	switch {
	case a.Kind == ActorNobody:
		return Errorf(EUNAUTHORIZED, "error.sign_in_first")
	case a.Can(act, tenantID):
		return nil
	case !platform[act] && !a.SeesTenant(tenantID):
		return NotFound()
	}
	return Errorf(EFORBIDDEN, "error.forbidden")
}
