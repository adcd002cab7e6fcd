package service

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

var nobody = context.Background()

func (w *world) setup(in core.SetupInput) (core.User, error) {
	w.t.Helper()
	secret, _, err := w.NewSetupLink(nobody)
	w.must(err)
	in.Secret = secret
	return w.Setup(nobody, in)
}

var boss = core.SetupInput{Name: "Boss", Email: " Boss@Example.com", Password: "correct horse battery", Tenant: "Tea shop"}

func TestSetupMakesTheFirstOperatorOnce(t *testing.T) {
	w := newWorld(t)
	needed, err := w.NeedsSetup(nobody)
	w.must(err)
	if !needed {
		t.Fatal("an empty Berth needs no setup")
	}
	old, _, err := w.NewSetupLink(nobody)
	w.must(err)
	secret, expires, err := w.NewSetupLink(nobody)
	w.must(err)
	if !expires.Equal(w.now().Add(time.Hour)) {
		t.Error(expires)
	}
	_, err = w.CheckSetup(nobody, old)
	w.refused(err, core.EGONE)
	_, err = w.CheckSetup(nobody, secret)
	w.must(err)

	in := boss
	in.Secret = secret
	users := make([]core.User, 5)
	errs := make([]error, 5)
	var all sync.WaitGroup
	for i := range users {
		all.Go(func() { users[i], errs[i] = w.Setup(nobody, in) })
	}
	all.Wait()
	won := slices.IndexFunc(errs, func(err error) bool { return err == nil })
	if won < 0 {
		t.Fatal(errs)
	}
	for i, err := range errs {
		if i != won {
			w.refused(err, core.EGONE)
		}
	}
	actor, user, err := w.ActorOfUser(nobody, users[won].ID)
	w.must(err)
	if !actor.Operator || actor.Roles["tea-shop"] != core.RoleAdmin || user.Email != "boss@example.com" || user.PasswordHash != "" {
		t.Errorf("%+v %+v", actor, user)
	}
	_, _, err = w.NewSetupLink(nobody)
	w.refused(err, core.ECONFLICT)
	if needed, _ := w.NeedsSetup(nobody); needed {
		t.Error("still needs setup")
	}
}

func TestSetupReportsEveryFault(t *testing.T) {
	w := newWorld(t)
	_, err := w.setup(core.SetupInput{Name: "x", Email: "nonsense", Password: "short", Tenant: "<b>"})
	w.refused(err, core.EINVALID, "name", "email", "password", "tenant")

	secret, _, err := w.NewSetupLink(nobody)
	w.must(err)
	w.clock.advance(time.Hour)
	in := boss
	in.Secret = secret
	_, err = w.Setup(nobody, in)
	w.refused(err, core.EGONE)
}

func TestSetupFindsATenantID(t *testing.T) {
	for tenant, want := range map[string]string{"": "boss", "Admin": "admin-team", "茶店": "team-"} {
		w := newWorld(t)
		in := boss
		in.Tenant = tenant
		user, err := w.setup(in)
		w.must(err)
		actor, _, err := w.ActorOfUser(nobody, user.ID)
		w.must(err)
		if ids := actor.TenantIDs(); len(ids) != 1 || !strings.HasPrefix(ids[0], want) {
			t.Errorf("%q: %v", tenant, ids)
		}
	}
}

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	user, err := w.setup(boss)
	w.must(err)
	got, err := w.SignIn(nobody, "BOSS@example.com ", boss.Password, "192.0.2.1:4711")
	w.must(err)
	if got.User.ID != user.ID || got.User.PasswordHash != "" || got.Ticket != "" {
		t.Errorf("%+v", got)
	}
	_, wrong := w.SignIn(nobody, "boss@example.com", "wrong horse battery", "192.0.2.1:4711")
	_, unknown := w.SignIn(nobody, "nobody@example.com", boss.Password, "192.0.2.1:4711")
	w.refused(wrong, core.EUNAUTHORIZED)
	if wrong.Error() != unknown.Error() {
		t.Errorf("%v differs from %v", wrong, unknown)
	}
	_, _, err = w.ActorOfUser(nobody, "nobody")
	w.refused(err, core.EUNAUTHORIZED)
}

// TestUnknownPersonCostsTheSame compares the memory that is hashed over, which is what takes the time: a clock would
// measure how busy the machine is.
func TestUnknownPersonCostsTheSame(t *testing.T) {
	w := newWorld(t)
	_, err := w.setup(boss)
	w.must(err)
	for _, email := range []string{"boss@example.com", "nobody@example.com"} {
		before := allocated()
		_, err := w.SignIn(nobody, email, "wrong horse battery", "192.0.2.1")
		w.refused(err, core.EUNAUTHORIZED)
		if cost := allocated() - before; cost < uint64(64*core.MiB) || cost > uint64(70*core.MiB) {
			t.Errorf("%s costs %d MiB of hashing", email, cost>>20)
		}
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestSignInIsLimitedByAddressAndByAccount(t *testing.T) {
	f, now := newFailures(), time.Now()
	for range maxFailures {
		if f.begin(now, "peer a", "account b") != 0 {
			t.Fatal("limited too early")
		}
	}
	for _, keys := range [][]string{{"peer a", "account c"}, {"peer c", "account b"}} {
		if wait := f.begin(now.Add(time.Second), keys...); wait != failureWindow-time.Second {
			t.Errorf("%v: wait %v", keys, wait)
		}
	}
	if f.begin(now, "peer c", "account c") != 0 {
		t.Error("a refused attempt counted elsewhere")
	}
	if f.begin(now.Add(failureWindow), "peer a", "account b") != 0 {
		t.Error("still limited after a minute")
	}
	for i := range 2 * maxFailureKeys {
		f.begin(now, fmt.Sprint(i))
	}
	if len(f.seen) > maxFailureKeys {
		t.Errorf("%d keys", len(f.seen))
	}
}

func TestSignInAnswersTooMany(t *testing.T) {
	w := newWorld(t)
	_, err := w.setup(boss)
	w.must(err)
	keys := []string{peerKey("192.0.2.1:1"), "account " + hashSecret("boss@example.com")}
	for range maxFailures - 1 {
		w.failures.begin(w.now(), keys...)
	}
	for range 3 { // a success takes its attempt back
		_, err = w.SignIn(nobody, "boss@example.com", boss.Password, "192.0.2.1:2")
		w.must(err)
	}
	_, err = w.SignIn(nobody, "boss@example.com", "wrong horse battery", "192.0.2.1:3")
	w.refused(err, core.EUNAUTHORIZED)
	for _, attempt := range [][2]string{{"boss@example.com", "192.0.2.9:1"}, {"else@example.com", "192.0.2.1:1"}} {
		_, err = w.SignIn(nobody, attempt[0], boss.Password, attempt[1])
		w.refused(err, core.ETOOMANY)
		if e, ok := err.(*core.Error); !ok || e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
			t.Error(err)
		}
	}
	w.clock.advance(time.Minute)
	_, err = w.SignIn(nobody, "boss@example.com", boss.Password, "192.0.2.1:2")
	w.must(err)
}

func TestPeersAreToldApart(t *testing.T) {
	for _, x := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"192.0.2.1", "[::ffff:192.0.2.1]:9", true},
		{"[2001:db8::1]:1", "[2001:db8::2]:1", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
		{"[fe80::1%eth0]:1", "[fe80::2%eth1]:1", true},
		{"", "rubbish", false},
	} {
		if same := peerKey(x.a) == peerKey(x.b); same != x.same {
			t.Errorf("%q %q: %v", x.a, x.b, same)
		}
	}
}

func TestHashingIsBounded(t *testing.T) {
	w := newWorld(t)
	for range maxHashing {
		w.passwords.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(nobody)
	cancel()
	_, err := w.SignIn(ctx, "boss@example.com", boss.Password, "192.0.2.1:1")
	w.refused(err, core.EUNAVAILABLE)
}

func TestPreferences(t *testing.T) {
	w := newWorld(t)
	user, err := w.setup(boss)
	w.must(err)
	actor, _, err := w.ActorOfUser(nobody, user.ID)
	w.must(err)
	ctx := core.WithActor(nobody, actor)
	w.must(w.SetPreferences(ctx, "zh-Hans", "dark"))
	_, user, err = w.ActorOfUser(nobody, user.ID)
	w.must(err)
	if user.Language != "zh-Hans" || user.Theme != "dark" {
		t.Errorf("%+v", user)
	}
	w.refused(w.SetPreferences(ctx, "tlh", "pink"), core.EINVALID, "language", "theme")
	w.refused(w.SetPreferences(nobody, "en", ""), core.EUNAUTHORIZED)
	token := core.Actor{Kind: core.ActorToken, ID: "t", UserID: user.ID}
	w.refused(w.SetPreferences(core.WithActor(nobody, token), "en", ""), core.EFORBIDDEN)
	_, err = w.SignIn(nobody, user.Email, boss.Password, "192.0.2.1:1") // the password is still the same
	w.must(err)
}

func TestTenants(t *testing.T) {
	w := newWorld(t)
	tenant, err := w.CreateTenant(w.operator(), "Tea shop", "")
	w.must(err)
	if tenant.ID != "tea-shop" {
		t.Error(tenant)
	}
	_, err = w.CreateTenant(w.operator(), "Tea shop", "")
	w.refused(err, core.ECONFLICT, "name")
	_, err = w.CreateTenant(w.operator(), "<b>", "")
	w.refused(err, core.EINVALID, "name")
	_, err = w.CreateTenant(w.member("tea-shop", core.RoleAdmin), "Other", "")
	w.refused(err, core.EFORBIDDEN)
	_, err = w.CreateTenant(nobody, "Other", "")
	w.refused(err, core.EUNAUTHORIZED)

	ctx := w.member("tea-shop", core.RoleViewer)
	w.member("bank", core.RoleViewer)
	tenants, err := w.OwnTenants(ctx)
	w.must(err)
	if len(tenants) != 1 || tenants[0].ID != "tea-shop" {
		t.Error(tenants)
	}
	for _, id := range []string{"bank", "absent", "../", "0"} {
		_, err = w.Tenant(ctx, id)
		w.refused(err, core.ENOTFOUND)
	}
	_, err = w.OwnTenants(nobody)
	w.refused(err, core.EUNAUTHORIZED)
}
