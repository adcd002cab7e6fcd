package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/member"
	"berth/views/paths"
	"berth/views/ui"
)

// invitationPage shows what a link offers. It changes nothing, whoever opens it.
func (h *Handlers) invitationPage(c echo.Context) error {
	return h.renderInvitation(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderInvitation(c echo.Context, status int, f ui.Form) error {
	ctx, secret := c.Request().Context(), c.Param("secret")
	p := h.bareRequestPage(c)
	p.Path = paths.Invitation(secret)
	offer, err := h.Service.Invitation(ctx, secret)
	if core.ErrorCode(err) == core.EGONE {
		p.Title = i18n.T(ctx, "invitation.gone_title")
		return render(c, http.StatusGone, member.InvitationGone(p, core.ErrorMessage(err)))
	}
	if err != nil {
		return err
	}
	p.Title = i18n.T(ctx, "invitation.title", "team", offer.Tenant)
	return render(c, status, member.InvitationPage(member.Invitation{Page: p, Offer: offer, Secret: secret, Form: f}))
}

// acceptInvitation lets who is signed in join, and makes an account for who is not.
func (h *Handlers) acceptInvitation(c echo.Context) error {
	ctx, secret := c.Request().Context(), c.Param("secret")
	if actor(ctx).Kind != core.ActorNobody {
		tenant, err := h.Service.AcceptInvitation(ctx, secret)
		switch core.ErrorCode(err) {
		case "":
			return redirect(c, paths.Home(tenant))
		case core.EGONE:
			return h.renderInvitation(c, http.StatusGone, ui.NewForm())
		case core.EFORBIDDEN:
			return h.renderInvitation(c, http.StatusForbidden, ui.NewForm())
		}
		return err
	}
	name := c.FormValue("name")
	user, err := h.Service.JoinByInvitation(ctx, secret, name, c.FormValue("password"))
	if core.ErrorCode(err) == core.EGONE {
		return h.renderInvitation(c, http.StatusGone, ui.NewForm())
	}
	if err != nil {
		form, ok := failed(ui.NewForm("name", name), err)
		if !ok {
			return err
		}
		return h.renderInvitation(c, statusOfForm(err), form)
	}
	if err := h.Sessions.SignIn(c, user.ID); err != nil {
		return err
	}
	return redirect(c, paths.Home(""))
}
