package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/member"
	"berth/views/paths"
	"berth/views/ui"
)

func (h *Handlers) membersPage(c echo.Context) error {
	return h.renderMembers(c, http.StatusOK, inviteForm("", core.RoleDeveloper), nil)
}

func inviteForm(email string, role core.Role) ui.Form {
	return ui.NewForm("email", email, "role", string(role))
}

// renderMembers shows who is in a tenant; link is what was just made, shown this once.
func (h *Handlers) renderMembers(c echo.Context, status int, f ui.Form, link *core.InvitationLink) error {
	ctx := c.Request().Context()
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.members"), layout.SectionMembers, paths.Members(p.Tenant.ID)
	m := member.Page{Page: p, Form: f, Link: link}
	if m.Members, err = h.Service.Members(ctx, p.Tenant.ID); err != nil {
		return err
	}
	if p.Can(core.ActManage) {
		if m.Invitations, err = h.Service.Invitations(ctx, p.Tenant.ID); err != nil {
			return err
		}
	}
	return render(c, status, member.MembersPage(m))
}

// membersFailed shows on the page of members what a form refused.
func (h *Handlers) membersFailed(c echo.Context, f ui.Form, err error) error {
	form, ok := failed(f, err)
	if !ok {
		return err
	}
	return h.renderMembers(c, statusOfForm(err), form, nil)
}

// statusOfForm tells what the state of things refuses from what was typed wrong.
func statusOfForm(err error) int {
	if core.ErrorCode(err) == core.ECONFLICT {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

func (h *Handlers) invite(c echo.Context) error {
	email, role := c.FormValue("email"), core.Role(c.FormValue("role"))
	link, err := h.Service.Invite(c.Request().Context(), c.FormValue("tenant"), email, role)
	if err != nil {
		return h.membersFailed(c, inviteForm(email, role), err)
	}
	return h.renderMembers(c, http.StatusOK, inviteForm("", core.RoleDeveloper), &link)
}

func (h *Handlers) renewInvitation(c echo.Context) error {
	link, err := h.Service.RenewInvitation(c.Request().Context(), c.FormValue("tenant"), c.Param("invitation"))
	if err != nil {
		return h.membersFailed(c, inviteForm("", core.RoleDeveloper), err)
	}
	return h.renderMembers(c, http.StatusOK, inviteForm("", core.RoleDeveloper), &link)
}

func (h *Handlers) revokeInvitation(c echo.Context) error {
	return h.membersDone(c, h.Service.RevokeInvitation(c.Request().Context(), c.FormValue("tenant"), c.Param("invitation")))
}

func (h *Handlers) setRole(c echo.Context) error {
	return h.membersDone(c, h.Service.SetRole(c.Request().Context(), c.FormValue("tenant"), c.Param("user"), core.Role(c.FormValue("role"))))
}

func (h *Handlers) removeMember(c echo.Context) error {
	return h.membersDone(c, h.Service.RemoveMember(c.Request().Context(), c.FormValue("tenant"), c.Param("user")))
}

// membersDone leads back to the members; somebody who may not look at them any more goes home.
func (h *Handlers) membersDone(c echo.Context, err error) error {
	if err != nil {
		return h.membersFailed(c, inviteForm("", core.RoleDeveloper), err)
	}
	return redirect(c, paths.Members(c.FormValue("tenant")))
}

func (h *Handlers) leaveTenant(c echo.Context) error {
	if err := h.Service.LeaveTenant(c.Request().Context(), c.FormValue("tenant")); err != nil {
		return h.membersFailed(c, inviteForm("", core.RoleDeveloper), err)
	}
	return redirect(c, paths.Home(""))
}
