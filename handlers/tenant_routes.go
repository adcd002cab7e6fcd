package handlers

import (
	"context"

	"github.com/labstack/echo/v4"

	"berth/core"
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
}

func (h *Handlers) tenantPages(g *echo.Group) {}

func (h *Handlers) tenantAPI(g *echo.Group) {}

// tenantRules say who may call what this file registers.
var tenantRules = Rules{}
