package service

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"berth/core"
)

// letters is a mailer that keeps what it is given.
type letters struct {
	mu  sync.Mutex
	all []core.Mail
}

func (l *letters) Enabled() bool { return true }

func (l *letters) Send(_ context.Context, m core.Mail) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, m)
	return nil
}

func (l *letters) sent() []core.Mail {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// person is somebody with an account, in a world that sends mail.
func newPerson(t *testing.T) (w *world, ctx context.Context, user core.User, mails *letters) {
	t.Helper()
	w, mails = newWorld(t), &letters{}
	w.deps.Mailer = mails
	w.Service = New(w.deps)
	user, err := w.setup(boss)
	w.must(err)
	actor, user, err := w.ActorOfUser(nobody, user.ID)
	w.must(err)
	return w, core.WithActor(nobody, actor), user, mails
}

// enrolled switches two-factor on and returns its secret and recovery codes.
func (w *world) enrolled(ctx context.Context) (secret string, recovery []string) {
	w.t.Helper()
	w.must(w.BeginTwoFactor(ctx))
	secret, _, err := w.PendingTwoFactor(ctx)
	w.must(err)
	recovery, err = w.ConfirmTwoFactor(ctx, w.code(secret, 0))
	w.must(err)
	return secret, recovery
}

// code is what the person's device shows after d.
func (w *world) code(secret string, d time.Duration) string {
	w.t.Helper()
	code, err := totp.GenerateCode(secret, w.now().Add(d))
	w.must(err)
	return code
}

// halfway gives the password and returns the ticket for the second step.
func (w *world) halfway() string {
	w.t.Helper()
	in, err := w.SignIn(nobody, "boss@example.com", boss.Password, "192.0.2.1:1")
	w.must(err)
	if in.Ticket == "" || in.User.ID != "" {
		w.t.Fatalf("%+v", in)
	}
	return in.Ticket
}

func TestACodeWorksOnce(t *testing.T) {
	w, ctx, user, _ := newPerson(t)
	secret, _ := w.enrolled(ctx)
	_, _, err := w.PendingTwoFactor(ctx)
	w.refused(err, core.EGONE)
	w.refused(w.BeginTwoFactor(ctx), core.ECONFLICT)

	for _, code := range []string{w.code(secret, 0), w.code(secret, -90*time.Second), w.code(secret, 90*time.Second), "", "12345", "abcdef"} {
		_, err := w.SignInCode(nobody, w.halfway(), code, "192.0.2.1:1")
		w.refused(err, core.EUNAUTHORIZED)
	}
	w.clock.advance(time.Minute)
	code := w.code(secret, 0)
	tickets := make([]string, 8)
	for i := range tickets {
		tickets[i] = w.halfway()
	}
	var won atomic.Int32
	var all sync.WaitGroup
	for _, ticket := range tickets { // the same code by eight who know the password too
		all.Go(func() {
			if got, err := w.SignInCode(nobody, ticket, code, "192.0.2.1:1"); err == nil && got.ID == user.ID {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("the code worked %d times", won.Load())
	}
	w.clock.advance(time.Minute)
	ticket := w.halfway()
	got, err := w.SignInCode(nobody, ticket, " "+w.code(secret, 30*time.Second)[:3]+" "+w.code(secret, 30*time.Second)[3:], "192.0.2.1:1")
	w.must(err)
	if got.PasswordHash != "" {
		t.Error("the hash is told")
	}
	w.clock.advance(time.Minute)
	_, err = w.SignInCode(nobody, ticket, w.code(secret, 0), "192.0.2.1:1")
	w.refused(err, core.EGONE)
	late := w.halfway()
	w.clock.advance(codeTicketFor)
	_, err = w.SignInCode(nobody, late, w.code(secret, 0), "192.0.2.1:1")
	w.refused(err, core.EGONE)
}

func TestRecoveryCodes(t *testing.T) {
	w, ctx, user, mails := newPerson(t)
	_, old := w.enrolled(ctx)
	_, err := w.SignInCode(nobody, w.halfway(), strings.ToUpper(old[0]), "192.0.2.1:1")
	w.must(err)
	_, err = w.SignInCode(nobody, w.halfway(), old[0], "192.0.2.1:1")
	w.refused(err, core.EUNAUTHORIZED)
	for _, proof := range []string{"", "wrong horse battery", "000000", old[0]} {
		_, err = w.NewRecoveryCodes(ctx, proof)
		w.refused(err, core.EINVALID, "proof")
		w.refused(w.StopTwoFactor(ctx, proof), core.EINVALID, "proof")
	}
	fresh, err := w.NewRecoveryCodes(ctx, old[1])
	w.must(err)
	_, err = w.SignInCode(nobody, w.halfway(), old[2], "192.0.2.1:1")
	w.refused(err, core.EUNAUTHORIZED)
	state, err := w.TwoFactor(ctx)
	w.must(err)
	if !state.On || state.Codes != core.RecoveryCodes {
		t.Errorf("%+v", state)
	}
	w.must(w.StopTwoFactor(ctx, fresh[0]))
	w.refused(w.StopTwoFactor(ctx, boss.Password), core.EGONE)
	w.enrolled(ctx)
	w.refused(w.ResetTwoFactor(w.member("tea", core.RoleAdmin), user.ID), core.EFORBIDDEN)
	w.refused(w.ResetTwoFactor(w.operator(), "nobody"), core.ENOTFOUND)
	w.must(w.ResetTwoFactor(w.operator(), user.ID))
	in, err := w.SignIn(nobody, "boss@example.com", boss.Password, "192.0.2.1:1")
	w.must(err)
	if in.Ticket != "" {
		t.Error("it still asks for a code")
	}
	w.eventually(func() bool { return len(mails.sent()) == 2 })
	for _, m := range mails.sent() {
		if m.To != user.Email || m.Subject != "mail.two_factor_off.subject" {
			t.Errorf("%+v", m)
		}
	}
}

// A token is not worth more than what it was made for, and somebody else's session is theirs.
func TestOnesAccountIsOnesOwn(t *testing.T) {
	w, ctx, user, _ := newPerson(t)
	token := core.WithActor(nobody, core.Actor{Kind: core.ActorToken, ID: "t", UserID: user.ID, Scope: core.ScopeAdmin})
	w.refused(w.ChangePassword(token, boss.Password, "another good password", ""), core.EFORBIDDEN)
	w.refused(w.BeginTwoFactor(token), core.EFORBIDDEN)
	w.refused(w.StopTwoFactor(token, boss.Password), core.EFORBIDDEN)
	w.refused(w.BeginTwoFactor(nobody), core.EUNAUTHORIZED)
	w.must(w.store.Sessions().Create(nobody, core.Session{ID: "theirs", TokenHash: "x", UserID: "another", ExpiresAt: w.now().Add(time.Hour)}))
	w.refused(w.EndSession(ctx, "theirs"), core.ENOTFOUND)
	w.must(w.EndOtherSessions(ctx, ""))
	if _, ok, err := w.store.Sessions().Find(nobody, "x"); !ok || err != nil {
		t.Error("somebody else's session ended", err)
	}
}

// Whoever borrowed a session cannot try every password or code.
func TestProofsAreLimited(t *testing.T) {
	w, ctx, _, _ := newPerson(t)
	ctx = core.WithOrigin(ctx, core.Origin{Peer: "192.0.2.7"})
	w.enrolled(ctx)
	for range maxFailures {
		w.refused(w.StopTwoFactor(ctx, "000000"), core.EINVALID)
	}
	w.refused(w.StopTwoFactor(ctx, boss.Password), core.ETOOMANY)
	w.refused(w.ChangePassword(ctx, boss.Password, "another good password", ""), core.ETOOMANY)
	_, err := w.SignIn(nobody, "boss@example.com", boss.Password, "192.0.2.1:1")
	w.refused(err, core.ETOOMANY)
}

func TestForgottenPassword(t *testing.T) {
	w, ctx, user, mails := newPerson(t)
	link := func(secret string) string { return "http://localhost:8080/reset/" + secret }
	for _, email := range []string{"nobody@example.com", " BOSS@example.com"} {
		w.must(w.RequestReset(nobody, email, "192.0.2.1:1", link))
	}
	w.eventually(func() bool { return len(mails.sent()) == 1 })
	m := mails.sent()[0]
	if m.To != user.Email || !strings.Contains(m.Text, "http://localhost:8080/reset/") {
		t.Fatalf("%+v", m)
	}
	_, secret, _ := strings.Cut(m.Text, "/reset/")
	secret = secret[:52]
	email, err := w.CheckReset(nobody, secret)
	w.must(err)
	if email != user.Email {
		t.Error(email)
	}
	w.must(w.store.Sessions().Create(nobody, core.Session{ID: "s", TokenHash: "x", UserID: user.ID, ExpiresAt: w.now().Add(time.Hour)}))
	w.refused(w.ResetPassword(nobody, secret, "short"), core.EINVALID, "password")
	var won atomic.Int32
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if w.ResetPassword(nobody, secret, "another good password") == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("the link worked %d times", won.Load())
	}
	if _, ok, _ := w.store.Sessions().Find(nobody, "x"); ok {
		t.Error("the session goes on")
	}
	_, err = w.SignIn(nobody, user.Email, "another good password", "192.0.2.1:1")
	w.must(err)
	w.eventually(func() bool { return len(mails.sent()) == 2 }) // the person is told

	late, _, err := w.NewResetLink(w.operator(), user.ID)
	w.must(err)
	w.clock.advance(resetLinkFor)
	_, err = w.CheckReset(nobody, late)
	w.refused(err, core.EGONE)
	_, _, err = w.NewResetLink(ctx, "nobody")
	w.refused(err, core.ENOTFOUND)
	_, _, err = w.NewResetLink(w.member("tea", core.RoleAdmin), user.ID)
	w.refused(err, core.EFORBIDDEN)
}

// TestResetsAreLimited: an account gets three mails an hour, an address asks twenty times a minute.
func TestResetsAreLimited(t *testing.T) {
	w, _, user, mails := newPerson(t)
	refused := 0
	for range 25 {
		err := w.RequestReset(nobody, user.Email, "192.0.2.1:1", func(s string) string { return s })
		if core.ErrorCode(err) == core.ETOOMANY {
			refused++
		} else {
			w.must(err)
		}
	}
	w.eventually(func() bool { return len(mails.sent()) == maxResets && len(w.post.slots) == 0 })
	if refused != 5 || len(mails.sent()) != maxResets {
		t.Errorf("%d refused, %d mails", refused, len(mails.sent()))
	}
}

// TestSigningInIsInTheAudit: who, from where and how; of a stranger only what is an email.
func TestSigningInIsInTheAudit(t *testing.T) {
	w, ctx, user, _ := newPerson(t)
	from := core.WithOrigin(nobody, core.Origin{Peer: "192.0.2.9", Agent: "Browser/1"})
	for _, email := range []string{"stranger@example.com", "my secret password"} {
		_, err := w.SignIn(from, email, "x", "192.0.2.9")
		w.refused(err, core.EUNAUTHORIZED)
	}
	_, err := w.SignIn(from, user.Email, boss.Password, "192.0.2.9")
	w.must(err)
	w.enrolled(core.WithOrigin(ctx, core.Origin{Peer: "192.0.2.9"}))
	entries, _, err := w.store.Audit().List(asSystem(nobody), core.AuditFilter{Platform: true, Search: "192.0.2.9"})
	w.must(err)
	var got []string
	for _, e := range entries {
		got = append(got, strings.Join([]string{e.Action, string(e.Outcome), e.Object, e.UserID, e.After["by"]}, "|"))
	}
	slices.Reverse(got)
	want := []string{"session.create|refused|stranger@example.com||", "session.create|refused|||",
		"session.create|done|boss@example.com|" + user.ID + "|password", "two_factor.begin|done||" + user.ID + "|", "two_factor.on|done||" + user.ID + "|"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
