// Package wizard brings something new online: what one has, a look inside, name and size.
package wizard

import (
	"context"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/quota"
	"berth/views/release"
	"berth/views/ui"
)

// Question asks what one has.
type Question struct {
	Page layout.Page
}

// File asks for an image file, for a new app or for another version of one.
type File struct {
	Page layout.Page
	Form ui.Form
	App  core.App // zero for a new one
}

// Inside shows what was found in an upload, or that it is still on its way.
type Inside struct {
	Page   layout.Page
	Upload core.Upload
}

// Name asks for name and size of the app that an upload becomes.
type Name struct {
	Page    layout.Page
	Upload  core.Upload
	Address Address
	Fields  release.Fields
	Check   quota.Check
}

// Image asks for the name of an image, and of the app it becomes.
type Image struct {
	Page    layout.Page
	Form    ui.Form // ref, user, name, id
	Address Address
}

// Databases asks which database it is to be.
type Databases struct {
	Page    layout.Page
	Entries []core.CatalogEntry
}

// Database asks for version, size and name of one.
type Database struct {
	Page    layout.Page
	Entry   core.CatalogEntry
	Form    ui.Form // version, plan, name, id
	Address Address
	Check   quota.Check
}

// Address is the field that says where an app answers, with what is known about it.
type Address struct {
	Form       ui.Form
	BaseDomain string
	URL        string   // that it would have; "" when nothing was asked yet
	Free       bool     // nobody has it
	Others     []string // free ones near a taken one
	Internal   bool     // a database: a name on the tenant's network only
}

// uploadNext is where an upload leads, "{id}" standing for it.
func uploadNext(a core.App) string {
	if a.ID == "" {
		return paths.NewUploadFile + "/{id}"
	}
	return paths.NewVersion(a.ID) + "/{id}"
}

func againPath(m Inside) string {
	if m.Upload.AppID != "" {
		return paths.NewVersion(m.Upload.AppID)
	}
	return paths.NewFile(m.Upload.TenantID)
}

func nextPath(m Inside) string {
	if m.Upload.AppID != "" {
		return paths.NewVersionUpload(m.Upload.AppID, m.Upload.ID)
	}
	return paths.NewUploadName(m.Upload.ID)
}

// OK reports whether nothing is known against the address.
func (a Address) OK() bool {
	_, bad := a.Form.Errors["id"]
	return !bad
}

func addressCheck(a Address) string {
	if a.Internal {
		return paths.CheckAddress + "?internal=1"
	}
	return paths.CheckAddress
}

// summary is an entry's sentence in the reader's language, else in English.
func summary(ctx context.Context, e core.CatalogEntry) string {
	if s, ok := e.Summary[i18n.From(ctx).Lang()]; ok {
		return s
	}
	return e.Summary["en"]
}
