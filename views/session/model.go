// Package session has the pages of nobody: signing in and setting up.
package session

import (
	"slices"
	"time"

	"berth/core"
	"berth/views/layout"
	"berth/views/ui"
)

// SignIn is the form of every day.
type SignIn struct {
	Page     layout.Page
	Form     ui.Form // email, next
	Provider string  // that people may sign in with; "" for none
	CanReset bool    // a link to a new password can be mailed

	CanRegister bool // people may make an account by themselves
}

// Code asks for the second step.
type Code struct {
	Page layout.Page
	Form ui.Form // next
}

// Register is the form of who makes an account by themselves.
type Register struct {
	Page layout.Page
	Form ui.Form // name, email, team
}

// Forgot asks where a link to a new password goes.
type Forgot struct {
	Page layout.Page
	Form ui.Form // email
	Sent bool
}

// Reset asks for the new password.
type Reset struct {
	Page   layout.Page
	Form   ui.Form // nothing is kept
	Secret string
	Email  string // whose password it is
}

// Setup is the form of the first start.
type Setup struct {
	Page    layout.Page
	Form    ui.Form // name, email, tenant
	Secret  string
	Expires time.Time
	Checks  []Check
}

// Check is something that was looked at on this machine.
type Check struct {
	Good bool
	What core.Text
	Why  core.Text // what to do about it; zero when it is good
}

// lacking reports whether something on this machine has to be seen to.
func (s Setup) lacking() bool {
	return slices.ContainsFunc(s.Checks, func(c Check) bool { return !c.Good })
}
