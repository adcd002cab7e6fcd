package alert

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/worker/outbound"
)

// SenderOptions are what a Sender works with.
type SenderOptions struct {
	Mailer   core.Mailer
	Words    func(language string, t core.Text) string
	Page     func(tenantID string) string // address of the page of a tenant's alerts
	Networks []netip.Prefix               // private networks that hooks may lead to
	Now      func() time.Time
}

// Sender hands messages to channels. Make it with NewSender.
type Sender struct {
	o      SenderOptions
	client *http.Client
}

var _ core.AlertSender = (*Sender)(nil)

// NewSender makes a Sender.
func NewSender(o SenderOptions) *Sender {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Sender{o, newClient(o.Networks)}
}

// Try implements core.AlertSender.
func (s *Sender) Try(ctx context.Context, c core.AlertChannel, t core.AlertTarget) error {
	return s.send(ctx, c, t, nil)
}

// send hands a channel what there is to tell, or without anything a try. Errors: EUNREACHABLE, with why in words.
func (s *Sender) send(ctx context.Context, c core.AlertChannel, t core.AlertTarget, notices []core.AlertNotice) error {
	m := s.message(c.Language, c.TenantID, notices)
	if c.Kind == core.ChannelEmail {
		return s.mail(ctx, t.To, m)
	}
	now := s.o.Now()
	body, err := payload(c, t, m, now)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address(c, t, now), bytes.NewReader(body))
	if err != nil {
		return unreachable(err, "error.channel_unreachable")
	}
	request.Header.Set("Content-Type", "application/json; charset=utf-8")
	request.Header.Set("User-Agent", "Berth")
	if c.Kind == core.ChannelWebhook {
		sign(request.Header, t.Secret, body, now)
	}
	return s.post(request, c.Kind)
}

// mail reaches as many as it can: that one address is wrong is no reason to write to the others again and again.
func (s *Sender) mail(ctx context.Context, to []string, m message) error {
	var last error
	sent := 0
	for _, address := range to {
		err := s.o.Mailer.Send(ctx, core.Mail{To: address, Subject: m.subject, Text: m.text})
		if err != nil {
			last = err
			continue
		}
		sent++
	}
	if sent > 0 {
		return nil
	}
	return last
}

func (s *Sender) post(request *http.Request, kind core.ChannelKind) error {
	answer, err := s.client.Do(request)
	if err != nil {
		return dialFault(err)
	}
	defer answer.Body.Close()
	reply, err := io.ReadAll(io.LimitReader(answer.Body, mostReply))
	switch {
	case answer.StatusCode >= 300 && answer.StatusCode < 400:
		return unreachable(nil, "error.channel_redirects")
	case answer.StatusCode/100 != 2:
		return unreachable(nil, "error.channel_refused", "status", strconv.Itoa(answer.StatusCode))
	case err != nil:
		return dialFault(err)
	}
	return refusal(kind, reply)
}

// dialFault says what failed without the address, which may hold a token.
func dialFault(err error) error {
	var name *net.DNSError
	var timeout net.Error
	var authority x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.Is(err, outbound.ErrForbidden):
		return unreachable(err, "error.channel_private")
	case errors.As(err, &name):
		return unreachable(err, "error.channel_name")
	case errors.As(err, &authority) || errors.As(err, &hostname) || errors.As(err, &invalid):
		return unreachable(err, "error.channel_certificate")
	case errors.As(err, &timeout) && timeout.Timeout():
		return unreachable(err, "error.channel_slow", "seconds", strconv.Itoa(int(patience/time.Second)))
	}
	return unreachable(err, "error.channel_unreachable")
}

func unreachable(cause error, key string, kv ...string) error {
	return core.Wrap(cause, core.EUNREACHABLE, key, kv...)
}

// clip shortens a text to so many bytes, never inside a character.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}
