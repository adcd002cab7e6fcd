package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type memberJSON struct {
	Person    string    `json:"person"`
	Name      string    `json:"name"`
	Email     string    `json:"email"`
	Role      core.Role `json:"role"`
	TwoFactor bool      `json:"two_factor"`
	Since     time.Time `json:"since"`
}

func newMemberJSON(m core.Member) memberJSON {
	return memberJSON{m.UserID, m.Name, m.Email, m.Role, m.TwoFactor, m.CreatedAt}
}

func (h *Handlers) apiMembers(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	members, err := h.Service.Members(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, members, "", newMemberJSON)
}

func (h *Handlers) apiSetRole(c echo.Context) error {
	var role core.Role
	if err := bind(c, fields{"role": &role}); err != nil {
		return err
	}
	return noContent(c, h.Service.SetRole(c.Request().Context(), c.Param("tenant"), c.Param("person"), role))
}

func (h *Handlers) apiRemoveMember(c echo.Context) error {
	return noContent(c, h.Service.RemoveMember(c.Request().Context(), c.Param("tenant"), c.Param("person")))
}

func (h *Handlers) apiLeaveTenant(c echo.Context) error {
	return noContent(c, h.Service.LeaveTenant(c.Request().Context(), c.Param("tenant")))
}

// noContent answers a change that there is nothing to say about.
func noContent(c echo.Context, err error) error {
	if err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

type invitationJSON struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Role      core.Role `json:"role"`
	Inviter   string    `json:"inviter"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
	URL       string    `json:"url,omitempty"` // only in the answer that made it
	Mailed    bool      `json:"mailed,omitempty"`
}

func newInvitationJSON(i core.Invitation) invitationJSON {
	return invitationJSON{ID: i.ID, Email: i.Email, Role: i.Role, Inviter: i.InviterName, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

func newLinkJSON(l core.InvitationLink) invitationJSON {
	j := newInvitationJSON(l.Invitation)
	j.URL, j.Mailed = l.URL, l.Mailed
	return j
}

func (h *Handlers) apiInvitations(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	open, err := h.Service.Invitations(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, open, "", newInvitationJSON)
}

func (h *Handlers) apiInvite(c echo.Context) error {
	var email string
	var role core.Role
	if err := bind(c, fields{"email": &email, "role": &role}); err != nil {
		return err
	}
	link, err := h.Service.Invite(c.Request().Context(), c.Param("tenant"), email, role)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newLinkJSON(link))
}

func (h *Handlers) apiRenewInvitation(c echo.Context) error {
	link, err := h.Service.RenewInvitation(c.Request().Context(), c.Param("tenant"), c.Param("invitation"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newLinkJSON(link))
}

func (h *Handlers) apiRevokeInvitation(c echo.Context) error {
	return noContent(c, h.Service.RevokeInvitation(c.Request().Context(), c.Param("tenant"), c.Param("invitation")))
}

type joinedJSON struct {
	Tenant string `json:"tenant"`
}

func (h *Handlers) apiAcceptInvitation(c echo.Context) error {
	var secret string
	if err := bind(c, fields{"secret": &secret}); err != nil {
		return err
	}
	tenant, err := h.Service.AcceptInvitation(c.Request().Context(), secret)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, joinedJSON{tenant})
}
