package service

import (
	"context"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// helper is somebody of the support staff; as acts as that person with the rights of this moment.
func (w *world) helper(name string) core.User {
	w.t.Helper()
	u := core.User{ID: core.NewID(), Email: core.NewInstanceID() + "@example.com", Name: name, Support: true, CreatedAt: w.now()}
	w.must(w.store.Users().Create(w.operator(), u))
	return u
}

func (w *world) as(u core.User) context.Context {
	w.t.Helper()
	actor, _, err := w.ActorOfUser(context.Background(), u.ID)
	w.must(err)
	return core.WithActor(context.Background(), actor)
}

const reason = "It does not answer since noon"

// auditOf counts the actions in a tenant's audit.
func (w *world) auditOf(tenant string) map[string]int {
	w.t.Helper()
	entries, _, err := w.Audit(w.operator(), core.AuditFilter{TenantID: tenant})
	w.must(err)
	actions := map[string]int{}
	for _, e := range entries {
		if e.Outcome == core.AuditDone {
			actions[e.Action]++
		}
	}
	return actions
}

func TestSupportSession(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("acme", "Shop")
	admin := w.member("acme", core.RoleAdmin)
	u := w.helper("Helper")

	_, err := w.App(w.as(u), app.ID)
	w.refused(err, core.ENOTFOUND)
	_, err = w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: "too short"})
	w.refused(err, core.EINVALID, "reason")
	_, err = w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: strings.Repeat("x", 501), Lasts: 9 * time.Hour})
	w.refused(err, core.EINVALID, "reason", "lasts")
	_, err = w.OpenSupport(w.as(u), core.NewSupport{TenantID: "nowhere", Reason: reason})
	w.refused(err, core.ENOTFOUND)
	_, err = w.OpenSupport(admin, core.NewSupport{TenantID: "acme", Reason: reason})
	w.refused(err, core.EFORBIDDEN)

	s, err := w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason})
	w.must(err)
	if s.State != core.SupportOpen || !s.ExpiresAt.Equal(w.now().Add(time.Hour)) {
		t.Errorf("%+v", s)
	}
	_, err = w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason})
	w.refused(err, core.ECONFLICT)
	_, err = w.App(w.as(u), app.ID)
	w.must(err)
	_, err = w.CurrentRelease(w.as(u), app.ID)
	w.refused(err, core.EFORBIDDEN)
	shown, err := w.ActiveSupport(admin, "acme")
	w.must(err)
	if len(shown) != 1 || shown[0].ID != s.ID {
		t.Errorf("the members see %v", shown)
	}
	own, err := w.SupportSessions(w.as(u), core.SupportFilter{})
	w.must(err)
	if len(own) != 1 {
		t.Errorf("the person sees %v", own)
	}
	_, err = w.SupportSessions(w.as(u), core.SupportFilter{TenantID: "acme"})
	w.refused(err, core.EFORBIDDEN)

	w.refused(w.EndSupport(w.member("other", core.RoleAdmin), s.ID), core.ENOTFOUND)
	w.refused(w.EndSupport(w.member("acme", core.RoleDeveloper), s.ID), core.EFORBIDDEN)
	w.must(w.EndSupport(admin, s.ID))
	w.refused(w.EndSupport(w.as(u), s.ID), core.ECONFLICT)
	_, err = w.App(w.as(u), app.ID)
	w.refused(err, core.ENOTFOUND)
	if got := w.auditOf("acme"); got["support.end"] != 1 || got["support.open"] != 1 {
		t.Errorf("the audit says %v", got)
	}
}

func TestSupportEndsByTheClock(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("acme", "Shop")
	u := w.helper("Helper")
	s, err := w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason, Lasts: 10 * time.Minute})
	w.must(err)
	w.clock.advance(10*time.Minute - time.Second)
	_, err = w.App(w.as(u), app.ID)
	w.must(err)
	w.clock.advance(time.Second)
	_, err = w.App(w.as(u), app.ID)
	w.refused(err, core.ENOTFOUND)
	shown, err := w.ActiveSupport(w.member("acme", core.RoleViewer), "acme")
	w.must(err)
	if len(shown) > 0 {
		t.Errorf("still shown: %v", shown)
	}
	w.tidy(asSystem(t.Context()))
	w.tidy(asSystem(t.Context()))
	got, err := w.store.Support().Get(w.operator(), s.ID)
	w.must(err)
	if got.State != core.SupportEnded || !got.EndedAt.Equal(s.ExpiresAt.Truncate(time.Microsecond)) {
		t.Errorf("%+v", got)
	}
	if got := w.auditOf("acme"); got["support.expire"] != 1 || got["support.open"] != 1 {
		t.Errorf("the audit says %v", got)
	}
	if _, err := w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason}); err != nil {
		t.Errorf("no new session after the first: %v", err)
	}
}

func TestSupportAsksFirst(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("acme", "Shop")
	admin, developer := w.member("acme", core.RoleAdmin), w.member("acme", core.RoleDeveloper)
	u := w.helper("Helper")
	w.refused(w.AskConsent(developer, "acme", true), core.EFORBIDDEN)
	w.refused(w.AskConsent(w.member("other", core.RoleAdmin), "acme", true), core.ENOTFOUND)
	w.must(w.AskConsent(admin, "acme", true))
	ask := func() core.SupportSession {
		s, err := w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason})
		w.must(err)
		if s.State != core.SupportWaiting {
			t.Errorf("%s without being asked for", s.State)
		}
		_, err = w.App(w.as(u), app.ID)
		w.refused(err, core.ENOTFOUND)
		return s
	}
	s := ask()
	_, err := w.DecideSupport(w.as(u), s.ID, true)
	w.refused(err, core.ENOTFOUND)
	_, err = w.DecideSupport(developer, s.ID, true)
	w.refused(err, core.EFORBIDDEN)
	_, err = w.DecideSupport(admin, s.ID, false)
	w.must(err)
	_, err = w.DecideSupport(admin, s.ID, true)
	w.refused(err, core.ECONFLICT)
	_, err = w.App(w.as(u), app.ID)
	w.refused(err, core.ENOTFOUND)

	s = ask()
	w.clock.advance(30 * time.Minute)
	s, err = w.DecideSupport(admin, s.ID, true)
	w.must(err)
	if s.State != core.SupportOpen || !s.ExpiresAt.Equal(w.now().Add(time.Hour)) || s.DecidedBy == "" {
		t.Errorf("%+v", s)
	}
	_, err = w.App(w.as(u), app.ID)
	w.must(err)
	w.must(w.EndSupport(w.as(u), s.ID))

	s = ask()
	w.clock.advance(core.SupportWaits)
	_, err = w.DecideSupport(admin, s.ID, true)
	w.refused(err, core.ECONFLICT)
}

func TestSupportFinds(t *testing.T) {
	w := newWorld(t)
	w.released("acme", "Shop")
	w.released("other", "Shop two")
	u := w.helper("Helper")
	_, err := w.FindForSupport(w.member("acme", core.RoleAdmin), "shop")
	w.refused(err, core.EFORBIDDEN)
	_, err = w.FindForSupport(w.as(u), " s ")
	w.refused(err, core.EINVALID, "q")
	_, err = w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason})
	w.must(err)
	for _, q := range []string{"shop", "SHOP", "http://shop.localhost:8000/cart?x=1", "shop.localhost", "shop.localhost."} {
		hits, err := w.FindForSupport(w.as(u), q)
		w.must(err)
		if len(hits) == 0 || hits[0].AppID != "shop" || !hits[0].Open || hits[0].Ends.IsZero() {
			t.Errorf("%q: %+v", q, hits)
		}
		for _, h := range hits {
			if h.TenantID == "other" && h.Open {
				t.Errorf("%q: open without a session: %+v", q, h)
			}
		}
	}
}

// TestLogsAreRead has those who are no members leave entries, and members none.
func TestLogsAreRead(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("acme", "Shop")
	u := w.helper("Helper")
	_, err := w.OpenSupport(w.as(u), core.NewSupport{TenantID: "acme", Reason: reason})
	w.must(err)
	w.Service.logs = silent{}
	for who, c := range map[string]struct {
		ctx   context.Context
		noted bool
	}{
		"member": {w.member("acme", core.RoleViewer), false}, "support": {w.as(u), true}, "operator": {w.operator(), true},
	} {
		before := w.auditOf("acme")
		w.must(w.StreamLogs(c.ctx, core.LogView{AppID: app.ID, InstanceID: "0123456789ab"}, nil))
		after, want := w.auditOf("acme"), 0
		if c.noted {
			want = 1
		}
		for _, action := range []string{"logs.read", "logs.close"} {
			if n := after[action] - before[action]; n != want {
				t.Errorf("%s: %d entries %s, want %d", who, n, action, want)
			}
		}
	}
}

// TestLogsAreSearched has the same for searches: the pages behind the first need no entry of their own, but a page that
// nobody was seen to begin with does.
func TestLogsAreSearched(t *testing.T) {
	w := newWorld(t)
	_, app := w.released("acme", "Shop")
	w.Service.lines = blank{}
	search := func(ctx context.Context, beyond time.Time, words ...string) int {
		t.Helper()
		before := w.auditOf("acme")["logs.search"]
		_, _, err := w.SearchLogs(ctx, core.LogSearch{AppID: app.ID, Words: words, Beyond: core.LogPosition{Time: beyond}, Limit: 10})
		w.must(err)
		return w.auditOf("acme")["logs.search"] - before
	}
	now := w.now()
	if n := search(w.member("acme", core.RoleViewer), time.Time{}); n != 0 {
		t.Errorf("%d entries of a member", n)
	}
	for _, c := range []struct {
		what    string
		beyond  time.Time
		words   []string
		entries int
	}{
		{"a page that was not begun", now.Add(time.Hour), nil, 1}, {"the page behind it", now, nil, 0},
		{"another search, not begun", now, []string{"card"}, 1}, {"a first page", time.Time{}, nil, 1},
	} {
		if n := search(w.operator(), c.beyond, c.words...); n != c.entries {
			t.Errorf("%s: %d entries, want %d", c.what, n, c.entries)
		}
	}
}

// blank is a store of lines without any.
type blank struct{ core.LogStore }

func (blank) Search(context.Context, core.LogSearch) ([]core.LogRecord, bool, error) {
	return nil, false, nil
}

// silent is a log without lines.
type silent struct{ core.LogSource }

func (silent) Stream(context.Context, core.LogView, func(core.LogLine) error) error { return nil }
