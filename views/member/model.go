// Package member shows who is in a tenant, and what invites further people.
package member

import (
	"berth/core"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is who is in a tenant.
type Page struct {
	Page        layout.Page
	Members     []core.Member
	Invitations []core.Invitation
	Form        ui.Form              // email, role
	Link        *core.InvitationLink // just made, shown this once
}

// Invitation is what whoever opens a link sees.
type Invitation struct {
	Page   layout.Page
	Offer  core.InvitationOffer
	Secret string
	Form   ui.Form // name
}

// signedIn reports whether somebody is, and mine whether the invitation is theirs.
func (m Invitation) signedIn() bool { return m.Page.User.ID != "" }

func (m Invitation) mine() bool { return m.Page.User.Email == m.Offer.Invitation.Email }

func (p Page) isMe(m core.Member) bool { return m.UserID == p.Page.User.ID }

func (p Page) iAmIn() bool {
	_, in := p.Page.Actor.Roles[p.Page.Tenant.ID]
	return in
}
