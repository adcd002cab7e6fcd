package handlers

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/paths"
)

// TenantService is what is asked of core/service about tenants, their members and invitations, and people.
type TenantService interface {
	Tenants(ctx context.Context, f core.TenantFilter) (tenants []core.Tenant, next string, err error)
	OwnTenants(ctx context.Context) ([]core.Tenant, error)
	TenantSummaries(ctx context.Context, f core.TenantFilter) ([]core.TenantSummary, string, error) // operator
	Tenant(ctx context.Context, id string) (core.Tenant, error)
	CreateTenant(ctx context.Context, name, plan string) (core.Tenant, error) // operator
	ChangeTenant(ctx context.Context, id string, in core.TenantChange) (core.Tenant, error)

	Members(ctx context.Context, tenantID string) ([]core.Member, error)
	SetRole(ctx context.Context, tenantID, userID string, role core.Role) error
	RemoveMember(ctx context.Context, tenantID, userID string) error
	LeaveTenant(ctx context.Context, tenantID string) error

	Invite(ctx context.Context, tenantID, email string, role core.Role) (core.InvitationLink, error)
	Invitations(ctx context.Context, tenantID string) ([]core.Invitation, error)
	RevokeInvitation(ctx context.Context, tenantID, id string) error
	RenewInvitation(ctx context.Context, tenantID, id string) (core.InvitationLink, error)
	Invitation(ctx context.Context, secret string) (core.InvitationOffer, error) // EGONE
	AcceptInvitation(ctx context.Context, secret string) (tenantID string, err error)
	JoinByInvitation(ctx context.Context, secret, name, password string) (core.User, error)

	TenantEstate(ctx context.Context, id string) (core.Estate, error)
	DeleteTenant(ctx context.Context, id, typedName string) (core.Operation, error)
	PlanNames(ctx context.Context) ([]string, error) // operator

	RegistrationOpen() bool
	Register(ctx context.Context, in core.Registration, peer string) (core.User, error)
	FoundTenant(ctx context.Context, name string) (core.Tenant, error)
	NewResetLink(ctx context.Context, userID string) (secret string, expires time.Time, err error) // operator
	ResetTwoFactor(ctx context.Context, userID string) error                                       // operator
	People(ctx context.Context, f core.UserFilter) ([]core.Person, string, error)                  // operator
	SetPowers(ctx context.Context, userID string, operator, support *bool) error                   // operator
	PersonEstate(ctx context.Context, userID string) (core.PersonEstate, error)                    // operator, or oneself
	DeletePerson(ctx context.Context, userID, typedEmail string) error                             // operator
	DeleteAccount(ctx context.Context, typedEmail string) error                                    // oneself
}

func (h *Handlers) tenantPages(g *echo.Group) {
	g.GET(paths.Members(""), h.membersPage)
	g.POST(paths.Invite, h.invite)
	g.POST(paths.RenewInvitation(":invitation"), h.renewInvitation)
	g.POST(paths.RevokeInvitation(":invitation"), h.revokeInvitation)
	g.POST(paths.Leave, h.leaveTenant)
	g.POST(paths.MemberRole(":user"), h.setRole)
	g.POST(paths.RemoveMember(":user"), h.removeMember)
	g.GET(paths.Invitation(":secret"), h.invitationPage)
	g.POST(paths.Invitation(":secret"), h.acceptInvitation)

	g.GET(paths.TenantSettings(""), h.tenantSettingsPage)
	g.POST(paths.TenantSettings(""), h.saveTenantSettings)
	g.POST(paths.FoundTeam, h.foundTenant)
	g.GET(paths.DeleteTenant(""), h.deleteTenantPage)
	g.POST(paths.DeleteTenant(""), h.deleteTenant)
	g.GET(paths.Register, h.registerPage)
	g.POST(paths.Register, h.register)

	g.GET(paths.DeleteAccount, h.deleteAccountPage)
	g.POST(paths.DeleteAccount, h.deleteAccount)

	g.GET(paths.Tenants, h.tenantsPage)
	g.POST(paths.Tenants, h.createTenant)
	g.GET(paths.Tenant(":tenant"), h.operatorTenantPage)
	g.POST(paths.Tenant(":tenant"), h.changeTenant)
	g.GET(paths.People, h.peoplePage)
	g.POST(paths.PersonPowers(":person"), h.setPowers)
	g.GET(paths.PersonAccess(":person"), h.accessPage)
	g.POST(paths.PersonResetLink(":person"), h.makeResetLink)
	g.POST(paths.PersonTwoFactor(":person"), h.resetTwoFactor)
	g.GET(paths.DeletePerson(":person"), h.deletePersonPage)
	g.POST(paths.DeletePerson(":person"), h.deletePerson)
}

func (h *Handlers) tenantAPI(g *echo.Group) {
	g.PATCH("/tenants/:tenant", h.apiChangeTenant)
	g.DELETE("/tenants/:tenant", h.apiDeleteTenant)
	g.GET("/tenants/:tenant/estate", h.apiTenantEstate)
	g.GET("/tenants/:tenant/members", h.apiMembers)
	g.PUT("/tenants/:tenant/members/:person", h.apiSetRole)
	g.DELETE("/tenants/:tenant/members/:person", h.apiRemoveMember)
	g.POST("/tenants/:tenant/leave", h.apiLeaveTenant)
	g.GET("/tenants/:tenant/invitations", h.apiInvitations)
	g.POST("/tenants/:tenant/invitations", h.apiInvite)
	g.POST("/tenants/:tenant/invitations/:invitation/renew", h.apiRenewInvitation)
	g.DELETE("/tenants/:tenant/invitations/:invitation", h.apiRevokeInvitation)
	g.POST("/invitations/accept", h.apiAcceptInvitation)

	g.GET("/people", h.apiPeople)
	g.GET("/people/:person", h.apiPerson)
	g.PATCH("/people/:person", h.apiSetPowers)
	g.DELETE("/people/:person", h.apiDeletePerson)
	g.POST("/people/:person/reset-link", h.apiMakeResetLink)
	g.DELETE("/people/:person/two-factor", h.apiResetTwoFactor)
}

// tenantRules say who may call what this file registers.
var tenantRules = Rules{
	"GET /members":                                 core.ActMembers,
	"POST /members/invitations":                    core.ActManage,
	"POST /members/invitations/:invitation/renew":  core.ActManage,
	"POST /members/invitations/:invitation/revoke": core.ActManage,
	"POST /members/leave":                          Oneself,
	"POST /members/:user/role":                     core.ActManage,
	"POST /members/:user/remove":                   core.ActManage,
	"GET /invitations/:secret":                     Anybody,
	"POST /invitations/:secret":                    Anybody,
	"GET /team":                                    core.ActManage,
	"POST /team":                                   core.ActManage,
	"POST /team/new":                               Oneself,
	"GET /team/delete":                             core.ActManage,
	"POST /team/delete":                            core.ActManage,
	"GET /register":                                Anybody,
	"POST /register":                               Anybody,
	"GET /profile/delete":                          Oneself,
	"POST /profile/delete":                         Oneself,
	"GET /tenants":                                 core.ActOperate,
	"POST /tenants":                                core.ActOperate,
	"GET /tenants/:tenant":                         core.ActOperate,
	"POST /tenants/:tenant":                        core.ActOperate,
	"GET /people":                                  core.ActOperate,
	"POST /people/:person/powers":                  core.ActOperate,
	"GET /people/:person/access":                   core.ActOperate,
	"POST /people/:person/reset-link":              core.ActOperate,
	"POST /people/:person/two-factor":              core.ActOperate,
	"GET /people/:person/delete":                   core.ActOperate,
	"POST /people/:person/delete":                  core.ActOperate,

	"PATCH /api/v1/tenants/:tenant":                              core.ActManage,
	"DELETE /api/v1/tenants/:tenant":                             core.ActManage,
	"GET /api/v1/tenants/:tenant/estate":                         core.ActManage,
	"GET /api/v1/tenants/:tenant/members":                        core.ActMembers,
	"PUT /api/v1/tenants/:tenant/members/:person":                core.ActManage,
	"DELETE /api/v1/tenants/:tenant/members/:person":             core.ActManage,
	"POST /api/v1/tenants/:tenant/leave":                         Oneself,
	"GET /api/v1/tenants/:tenant/invitations":                    core.ActManage,
	"POST /api/v1/tenants/:tenant/invitations":                   core.ActManage,
	"POST /api/v1/tenants/:tenant/invitations/:invitation/renew": core.ActManage,
	"DELETE /api/v1/tenants/:tenant/invitations/:invitation":     core.ActManage,
	"POST /api/v1/invitations/accept":                            Oneself,
	"GET /api/v1/people":                                         core.ActOperate,
	"GET /api/v1/people/:person":                                 core.ActOperate,
	"PATCH /api/v1/people/:person":                               core.ActOperate,
	"DELETE /api/v1/people/:person":                              core.ActOperate,
	"POST /api/v1/people/:person/reset-link":                     core.ActOperate,
	"DELETE /api/v1/people/:person/two-factor":                   core.ActOperate,
}
