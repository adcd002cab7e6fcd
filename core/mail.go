package core

import "context"

// Mail is a message to one person.
type Mail struct {
	To      string // an email address
	Subject string
	Text    string // plain, lines of any length
}

// Mailer sends mail.
type Mailer interface {
	// Enabled reports whether mail can be sent at all; without a server configured it cannot.
	Enabled() bool
	// Send hands m to the mail server. Errors: EUNREACHABLE.
	Send(ctx context.Context, m Mail) error
}
