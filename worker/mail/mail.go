// Package mail sends mail through the operator's server.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"berth/core"
)

// The ways to keep a connection from being read on its way.
const (
	StartTLS = "starttls" // plain first, then TLS or nothing
	TLS      = "tls"      // from the first byte
	None     = "none"
)

// patience is how long a server may take for a whole mail.
const patience = 20 * time.Second

// Options say which server to use.
type Options struct {
	Server   string // host:port; "" sends nothing
	User     string // "" does not authenticate
	Password string
	From     string // "Berth <berth@example.com>" or the bare address
	Security string // StartTLS (or ""), TLS or None

	TLS      *tls.Config   // nil trusts what the machine trusts
	Patience time.Duration // 0 takes 20 s
	Log      *slog.Logger
}

// Mailer is core.Mailer over SMTP. A connection lasts for one mail.
type Mailer struct{ o Options }

var _ core.Mailer = (*Mailer)(nil)

// New returns a Mailer. It connects to nothing yet.
func New(o Options) *Mailer {
	if o.Patience == 0 {
		o.Patience = patience
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Mailer{o}
}

// Enabled implements core.Mailer.
func (m *Mailer) Enabled() bool { return m.o.Server != "" }

// Send implements core.Mailer. Neither the text nor the subject is ever logged: they may hold a link that works once.
func (m *Mailer) Send(ctx context.Context, mail core.Mail) error {
	if !m.Enabled() {
		return core.Errorf(core.EUNREACHABLE, "error.mail_off")
	}
	message, err := m.message(mail)
	if err != nil {
		return err
	}
	client, err := m.client()
	if err != nil {
		return core.Wrap(err, core.EINTERNAL, "error.internal")
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.Patience)
	defer cancel()
	if err := m.deliver(ctx, client, message); err != nil {
		m.o.Log.Warn("a mail could not be handed over", "server", m.o.Server, "error", err)
		return core.Wrap(err, core.EUNREACHABLE, "error.mail_server")
	}
	return nil
}

// deliver ends with ctx, whatever the server does: the library's own deadlines are one for each exchange.
func (m *Mailer) deliver(ctx context.Context, client *gomail.Client, message *gomail.Msg) error {
	done := make(chan error, 1)
	go func() { done <- client.DialAndSendWithContext(ctx, message) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *Mailer) client() (*gomail.Client, error) {
	host, port, err := net.SplitHostPort(m.o.Server)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	security := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.o.TLS != nil {
		security = m.o.TLS.Clone()
	}
	security.ServerName = host
	options := []gomail.Option{gomail.WithPort(number), gomail.WithTimeout(m.o.Patience), gomail.WithTLSConfig(security)}
	switch m.o.Security {
	case TLS:
		options = append(options, gomail.WithSSL())
	case None:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if m.o.User != "" {
		options = append(options, gomail.WithUsername(m.o.User), gomail.WithPassword(m.o.Password),
			gomail.WithSMTPAuth(m.auth()))
	}
	return gomail.NewClient(host, options...)
}

// auth lets the library choose among what the server offers; without TLS, which the settings allow to this machine
// only, it would choose nothing.
func (m *Mailer) auth() gomail.SMTPAuthType {
	if m.o.Security == None {
		return gomail.SMTPAuthPlainNoEnc
	}
	return gomail.SMTPAuthAutoDiscover
}

// message puts a mail together. What would add a header or a recipient is refused, never cleaned up.
func (m *Mailer) message(in core.Mail) (*gomail.Msg, error) {
	if err := headerSafe("subject", in.Subject); err != nil {
		return nil, err
	}
	to, err := mail.ParseAddress(in.To)
	if err != nil || to.Address != in.To || headerSafe("to", in.To) != nil {
		return nil, core.Invalid("to", "error.email_malformed")
	}
	message := gomail.NewMsg()
	if err := errors.Join(message.From(m.o.From), message.To(in.To)); err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.email_malformed")
	}
	message.Subject(in.Subject)
	message.SetDate()
	message.SetMessageID()
	message.SetGenHeader(gomail.Header("Auto-Submitted"), "auto-generated")
	message.SetBodyString(gomail.TypeTextPlain, in.Text)
	return message, nil
}

func headerSafe(field, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return core.Wrap(fmt.Errorf("control characters in %s", field), core.EINVALID, "error.mail_header")
	}
	return nil
}
