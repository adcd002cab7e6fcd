package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"berth/core"
)

var letter = core.Mail{To: "person@example.com", Subject: "A new password 新密码", Text: "Open https://berth.example/reset/secret\n.\nUntil 15:04."}

func mailer(s *server, security string) Options {
	return Options{Server: s.address, From: "Berth <berth@example.com>", Security: security, TLS: &tls.Config{RootCAs: s.roots}}
}

func TestMailArrives(t *testing.T) {
	for _, security := range []string{StartTLS, TLS, None} {
		s := listen(t, security, func(s *server) { s.user = "berth" })
		o := mailer(s, security)
		o.User, o.Password = "berth", "mail password"
		if err := New(o).Send(context.Background(), letter); err != nil {
			t.Fatalf("%s: %v", security, err)
		}
		got := s.taken()
		if len(got) != 1 || got[0].from != "berth@example.com" || got[0].to != letter.To || got[0].secret != (security != None) || got[0].user != "berth" {
			t.Fatalf("%s: %+v", security, got)
		}
		for _, part := range []string{"From: \"Berth\" <berth@example.com>\r\n", "To: <person@example.com>\r\n", "Date: ", "Message-ID: ",
			"Auto-Submitted: auto-generated\r\n", "https://berth.example/reset/secret", "Until 15:04."} {
			if !strings.Contains(got[0].data, part) {
				t.Errorf("%s: the mail lacks %q:\n%s", security, part, got[0].data)
			}
		}
		if strings.Contains(got[0].data, "新") {
			t.Error("the subject is not encoded")
		}
	}
}

// What a server refuses, and what it must not get away with, is one error that says nothing of the server's words.
func TestMailIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		server, client string
		change         func(*server)
		options        func(*Options)
	}{
		"wrong password":      {StartTLS, StartTLS, func(s *server) { s.user = "berth" }, func(o *Options) { o.User, o.Password = "berth", "wrong" }},
		"no authentication":   {StartTLS, StartTLS, func(s *server) { s.user = "berth" }, nil},
		"unknown recipient":   {StartTLS, StartTLS, func(s *server) { s.refuse = &smtp.SMTPError{Code: 550, Message: "no such person"} }, nil},
		"no STARTTLS offered": {None, StartTLS, nil, nil},
		"no TLS at all":       {None, TLS, nil, nil},
		"unknown certificate": {StartTLS, StartTLS, nil, func(o *Options) { o.TLS = nil }},
		"nobody there":        {StartTLS, StartTLS, nil, func(o *Options) { o.Server = "127.0.0.1:1" }},
	} {
		s := listen(t, c.server, c.change)
		o := mailer(s, c.client)
		var logged bytes.Buffer
		o.Log = slog.New(slog.NewTextHandler(&logged, nil))
		o.Patience = 5 * time.Second
		if c.options != nil {
			c.options(&o)
		}
		err := New(o).Send(context.Background(), letter)
		if core.ErrorCode(err) != core.EUNREACHABLE || core.ErrorMessage(err).Key != "error.mail_server" || len(s.taken()) != 0 {
			t.Errorf("%s: %v, %d mails", name, err, len(s.taken()))
		}
		if logged.Len() == 0 || strings.Contains(logged.String(), "secret") {
			t.Errorf("%s is logged as %q", name, &logged)
		}
	}
}

// What somebody types becomes no header and no further recipient.
func TestMailHoldsNoSecondHeader(t *testing.T) {
	s := listen(t, StartTLS, nil)
	m := New(mailer(s, StartTLS))
	for _, bad := range []core.Mail{
		{To: "a@example.com", Subject: "x\r\nBcc: victim@example.com"},
		{To: "a@example.com", Subject: "x\nBcc: victim@example.com"},
		{To: "a@example.com\r\nBcc: victim@example.com", Subject: "x"},
		{To: "a@example.com>\r\nRCPT TO:<victim@example.com", Subject: "x"},
		{To: "a@example.com, victim@example.com", Subject: "x"},
		{To: "A <a@example.com>", Subject: "x"},
		{To: "", Subject: "x"},
	} {
		if err := m.Send(context.Background(), bad); core.ErrorCode(err) != core.EINVALID {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if got := s.taken(); len(got) != 0 {
		t.Errorf("sent: %+v", got)
	}
}

// A server that says nothing holds nobody up for longer than it may.
func TestSilentServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, security := range []string{StartTLS, TLS} {
		m := New(Options{Server: l.Addr().String(), From: "berth@example.com", Security: security, Patience: 200 * time.Millisecond})
		done := make(chan error, 1)
		go func() { done <- m.Send(context.Background(), letter) }()
		select {
		case err := <-done:
			if core.ErrorCode(err) != core.EUNREACHABLE {
				t.Error(err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal("it waits for ever")
		}
	}
}

func TestWithoutAServer(t *testing.T) {
	m := New(Options{})
	if m.Enabled() {
		t.Error("enabled")
	}
	if err := m.Send(context.Background(), letter); core.ErrorMessage(err).Key != "error.mail_off" {
		t.Error(err)
	}
}
