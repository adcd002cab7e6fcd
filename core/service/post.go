package service

import (
	"context"
	"time"

	"berth/core"
)

const (
	postSlots = 32 // mails that may be under way at once without anybody waiting for them
	postFor   = 30 * time.Second
)

// post words mail and hands it over.
type post struct {
	mailer core.Mailer
	words  func(language string, t core.Text) string
	slots  chan struct{}
}

func newPost(d Deps) *post {
	p := &post{mailer: d.Mailer, words: d.Words, slots: make(chan struct{}, postSlots)}
	if p.words == nil {
		p.words = func(_ string, t core.Text) string { return t.String() }
	}
	return p
}

// MailEnabled reports whether mail can be sent.
func (s *Service) MailEnabled() bool { return s.post.mailer != nil && s.post.mailer.Enabled() }

// mail sends a message in a language and waits until the mail server has it. Errors: EUNREACHABLE.
func (s *Service) mail(ctx context.Context, to, language string, subject, text core.Text) error {
	if !s.MailEnabled() {
		return core.Errorf(core.EUNREACHABLE, "error.mail_off")
	}
	return s.post.mailer.Send(ctx, core.Mail{To: to, Subject: s.post.words(language, subject), Text: s.post.words(language, text)})
}

// mailLater is mail for what nobody waits for.
func (s *Service) mailLater(ctx context.Context, to, language string, subject, text core.Text) {
	if s.MailEnabled() {
		s.later(ctx, subject.Key, func(ctx context.Context) error { return s.mail(ctx, to, language, subject, text) })
	}
}

// later sends something that nobody waits for, so that how long it takes tells nothing. When too much is under way it
// is dropped.
func (s *Service) later(ctx context.Context, about string, send func(ctx context.Context) error) {
	select {
	case s.post.slots <- struct{}{}:
	default:
		s.log.Warn("a mail is dropped, too many are under way", "about", about)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postFor)
	go func() {
		defer func() { cancel(); <-s.post.slots }()
		if err := send(ctx); err != nil {
			s.log.Warn("a mail is lost", "about", about, "error", err)
		}
	}()
}
