// Package profile has the pages of a person's own account.
package profile

import (
	"strings"

	"berth/core"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is the profile.
type Page struct {
	Page        layout.Page
	Saved       Saved
	You         ui.Form // name, language, theme
	Password    ui.Form // nothing is kept
	HasPassword bool
	TwoFactor   core.TwoFactorState
	Codes       ui.Form // what was wrong with asking for new recovery codes
	Stop        ui.Form // what was wrong with switching off
	Sessions    []core.Session
	Current     string // id of the session that looks
}

// Saved is what was just done.
type Saved string

const (
	SavedYou       Saved = "you"
	SavedPassword  Saved = "password"
	SavedTwoFactor Saved = "two_factor"
	SavedSessions  Saved = "sessions"
)

func (s Saved) known() bool {
	return s == SavedYou || s == SavedPassword || s == SavedTwoFactor || s == SavedSessions
}

// Enrol shows the secret of two-factor until a code of it was given.
type Enrol struct {
	Page   layout.Page
	Secret string // base32
	URI    string // what the QR code holds
	Form   ui.Form
}

// spaced is a secret in groups of four, as it is read aloud and typed.
func spaced(secret string) string {
	var out []byte
	for i := range len(secret) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, secret[i])
	}
	return string(out)
}

// Codes shows recovery codes, once.
type Codes struct {
	Page  layout.Page
	Codes []string
}

func lines(codes []string) string { return strings.Join(codes, "\n") }
