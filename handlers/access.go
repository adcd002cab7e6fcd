package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/person"
)

// accessPage helps somebody who cannot sign in any more.
func (h *Handlers) accessPage(c echo.Context) error { return h.renderAccess(c, "") }

func (h *Handlers) renderAccess(c echo.Context, link string) error {
	ctx := c.Request().Context()
	if err := actor(ctx).Authorize(core.ActOperate, ""); err != nil {
		return err
	}
	estate, err := h.Service.PersonEstate(ctx, c.Param("person"))
	if err != nil {
		return err
	}
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section = i18n.T(ctx, "person.access_title", "name", estate.User.Name), layout.SectionPeople
	p.Path = paths.PersonAccess(estate.User.ID)
	return render(c, http.StatusOK, person.AccessPage(person.Access{Page: p, User: estate.User, Link: link,
		TwoFactorOff: c.QueryParam("two-factor") == "off"}))
}

// makeResetLink shows the link in its answer and never again.
func (h *Handlers) makeResetLink(c echo.Context) error {
	secret, _, err := h.Service.NewResetLink(c.Request().Context(), c.Param("person"))
	if err != nil {
		return err
	}
	return h.renderAccess(c, h.PortalURL+paths.Reset(secret))
}

func (h *Handlers) resetTwoFactor(c echo.Context) error {
	id := c.Param("person")
	if err := h.Service.ResetTwoFactor(c.Request().Context(), id); err != nil {
		return err
	}
	return redirect(c, paths.PersonAccess(id)+"?two-factor=off")
}

func (h *Handlers) apiMakeResetLink(c echo.Context) error {
	secret, expires, err := h.Service.NewResetLink(c.Request().Context(), c.Param("person"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, struct {
		Link      string    `json:"link"`
		ExpiresAt time.Time `json:"expires_at"`
	}{h.PortalURL + paths.Reset(secret), expires})
}

func (h *Handlers) apiResetTwoFactor(c echo.Context) error {
	return noContent(c, h.Service.ResetTwoFactor(c.Request().Context(), c.Param("person")))
}
