package service

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// someone makes a person who can sign in, and returns the context in which they act.
func (w *world) someone(email string) (context.Context, core.User) {
	w.t.Helper()
	u := core.User{ID: core.NewID(), Email: email, Name: "Somebody", CreatedAt: w.now()}
	w.must(w.store.Users().Create(w.operator(), u))
	return w.again(u.ID), u
}

// again is the context in which a person acts, with what they are now.
func (w *world) again(userID string) context.Context {
	w.t.Helper()
	actor, _, err := w.ActorOfUser(nobody, userID)
	w.must(err)
	return core.WithActor(context.Background(), actor)
}

// team makes a tenant with an admin who is somebody.
func (w *world) team(name string) (admin context.Context, user core.User, tenantID string) {
	w.t.Helper()
	tenant, err := w.CreateTenant(w.operator(), name, "")
	w.must(err)
	_, user = w.someone(tenant.ID + "@example.com")
	w.must(w.store.Members().Put(w.operator(), core.Membership{TenantID: tenant.ID, UserID: user.ID, Role: core.RoleAdmin, CreatedAt: w.now()}))
	return w.again(user.ID), user, tenant.ID
}

func (w *world) invited(ctx context.Context, tenantID, email string, role core.Role) (link core.InvitationLink, secret string) {
	w.t.Helper()
	link, err := w.Invite(ctx, tenantID, email, role)
	w.must(err)
	secret, ok := strings.CutPrefix(link.URL, "http://localhost:8080/invitations/")
	if !ok {
		w.t.Fatal("the link is not the portal's:", link.URL)
	}
	return link, secret
}

func TestInvitationWorksOnceForItsEmail(t *testing.T) {
	w := newWorld(t)
	admin, _, team := w.team("Tea")
	link, secret := w.invited(admin, team, " Dev@Example.com", core.RoleDeveloper)
	if link.Mailed || link.Invitation.SecretHash != "" {
		t.Errorf("%+v", link)
	}
	offer, err := w.Invitation(nobody, secret)
	w.must(err)
	if offer.Tenant != "Tea" || offer.Known || offer.Invitation.Role != core.RoleDeveloper || offer.Invitation.Email != "dev@example.com" {
		t.Errorf("%+v", offer)
	}
	_, err = w.Invite(admin, team, "dev@example.com", core.RoleAdmin)
	w.refused(err, core.ECONFLICT, "email")
	_, err = w.Invite(admin, team, "nonsense", "owner")
	w.refused(err, core.EINVALID, "email", "role")
	viewer := w.member(team, core.RoleViewer)
	_, err = w.Invite(viewer, team, "x@example.com", core.RoleViewer)
	w.refused(err, core.EFORBIDDEN)

	other, _ := w.someone("other@example.com")
	_, err = w.AcceptInvitation(other, secret)
	w.refused(err, core.EFORBIDDEN)
	_, err = w.JoinByInvitation(nobody, secret, "x", "short")
	w.refused(err, core.EINVALID, "name", "password")

	const people = 5
	errs := make([]error, people)
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() { _, errs[i] = w.JoinByInvitation(nobody, secret, "Developer", "correct horse battery") })
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if c := core.ErrorCode(err); c != core.EGONE && c != core.ECONFLICT {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Fatalf("%d joined: %v", won, errs)
	}
	_, err = w.Invitation(nobody, secret)
	w.refused(err, core.EGONE)
	signed, err := w.SignIn(nobody, "dev@example.com", "correct horse battery", "192.0.2.1:1")
	w.must(err)
	user := signed.User
	if actor := core.ActorFrom(w.again(user.ID)); actor.Operator || actor.Roles[team] != core.RoleDeveloper || len(actor.Roles) != 1 {
		t.Errorf("%+v", actor)
	}
	_, err = w.AcceptInvitation(w.again(user.ID), secret)
	w.refused(err, core.EGONE)
	_, err = w.Invite(admin, team, "dev@example.com", core.RoleAdmin)
	w.refused(err, core.ECONFLICT, "email")
}

func TestInvitationsEnd(t *testing.T) {
	w := newWorld(t)
	admin, _, team := w.team("Tea")
	ctx, _ := w.someone("dev@example.com")
	link, first := w.invited(admin, team, "dev@example.com", core.RoleViewer)
	w.clock.advance(core.InvitationFor)
	_, err := w.AcceptInvitation(ctx, first)
	w.refused(err, core.EGONE)
	renewed, err := w.RenewInvitation(admin, team, link.Invitation.ID)
	w.must(err)
	_, err = w.AcceptInvitation(ctx, first)
	w.refused(err, core.EGONE)
	_, second, _ := strings.Cut(renewed.URL, "/invitations/")
	w.must(w.RevokeInvitation(admin, team, link.Invitation.ID))
	_, err = w.AcceptInvitation(ctx, second)
	w.refused(err, core.EGONE)
	w.refused(w.RevokeInvitation(admin, team, link.Invitation.ID), core.ENOTFOUND)
	_, err = w.RenewInvitation(admin, team, link.Invitation.ID)
	w.refused(err, core.ENOTFOUND)

	_, third := w.invited(admin, team, "dev@example.com", core.RoleViewer)
	got, err := w.AcceptInvitation(ctx, third)
	w.must(err)
	if got != team {
		t.Error(got)
	}
	_, _, stranger := w.team("Coffee")
	_, err = w.Invitations(admin, stranger)
	w.refused(err, core.ENOTFOUND)
}

func TestATeamKeepsItsLastAdmin(t *testing.T) {
	w := newWorld(t)
	admin, user, team := w.team("Tea")
	w.refused(w.LeaveTenant(admin, team), core.ECONFLICT)
	w.refused(w.SetRole(admin, team, user.ID, core.RoleViewer), core.ECONFLICT)
	w.refused(w.RemoveMember(w.operator(), team, user.ID), core.ECONFLICT)
	w.must(w.SetRole(admin, team, user.ID, core.RoleAdmin))

	_, second := w.someone("second@example.com")
	w.must(w.store.Members().Put(w.operator(), core.Membership{TenantID: team, UserID: second.ID, Role: core.RoleViewer}))
	w.refused(w.SetRole(admin, team, second.ID, "owner"), core.EINVALID, "role")
	w.refused(w.SetRole(admin, team, "nobody", core.RoleViewer), core.ENOTFOUND)
	w.refused(w.SetRole(w.again(second.ID), team, second.ID, core.RoleAdmin), core.EFORBIDDEN)
	w.must(w.SetRole(admin, team, second.ID, core.RoleAdmin))

	errs := make([]error, 2)
	var both sync.WaitGroup
	for i, ctx := range []context.Context{w.again(user.ID), w.again(second.ID)} {
		both.Go(func() { errs[i] = w.LeaveTenant(ctx, team) })
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatal(errs)
	}
	members, err := w.Members(w.operator(), team)
	w.must(err)
	if len(members) != 1 || members[0].Role != core.RoleAdmin {
		t.Errorf("%+v", members)
	}
	w.must(w.LeaveTenant(w.again(user.ID), "no-such-team"))
}

func TestChangeTenant(t *testing.T) {
	w := newWorld(t)
	admin, _, team := w.team("Tea")
	name, plan, absent, bad := "Tea house", "starter", "golden", "<b>"
	got, err := w.ChangeTenant(admin, team, core.TenantChange{Name: &name})
	w.must(err)
	if got.Name != name || got.ID != team {
		t.Error(got)
	}
	_, err = w.ChangeTenant(admin, team, core.TenantChange{Plan: &plan})
	w.refused(err, core.EFORBIDDEN)
	_, err = w.ChangeTenant(w.operator(), team, core.TenantChange{Plan: &absent, Name: &bad})
	w.refused(err, core.EINVALID, "plan", "name")
	got, err = w.ChangeTenant(w.operator(), team, core.TenantChange{Plan: &plan})
	w.must(err)
	if got.Plan != plan || got.Name != name {
		t.Error(got)
	}
	_, err = w.CreateTenant(w.operator(), "Other", "golden")
	w.refused(err, core.EINVALID, "plan")
}

func TestATenantThatIsToGoTakesNothingNew(t *testing.T) {
	w := newWorld(t)
	admin, _, team := w.team("Tea")
	app := w.app(admin, team, "Shop")
	w.version(admin, app.ID, "1.0")
	_, err := w.DeleteTenant(admin, team, "not its name")
	w.refused(err, core.EINVALID, "name")
	_, err = w.DeleteTenant(w.member(team, core.RoleDeveloper), team, "Tea")
	w.refused(err, core.EFORBIDDEN)
	estate, err := w.TenantEstate(admin, team)
	w.must(err)
	if len(estate.Apps) != 1 || estate.Versions != 1 || estate.Domains != 1 || estate.Members != 1 {
		t.Errorf("%+v", estate)
	}
	op, err := w.DeleteTenant(admin, team, "Tea")
	w.must(err)
	again, err := w.DeleteTenant(admin, team, team)
	w.must(err)
	if again.ID != op.ID || op.Kind != core.OpDeleteTenant || op.AppID != "" {
		t.Errorf("%+v %+v", op, again)
	}
	app, err = w.App(admin, app.ID)
	w.must(err)
	if !app.Deleting || app.KeepData || !w.waker.woken(app.ID) {
		t.Errorf("%+v", app)
	}
	name := "New"
	for what, try := range map[string]func() error{
		"app": func() error {
			_, _, err := w.CreateApp(admin, core.NewApp{TenantID: team, Name: "Late"})
			return err
		},
		"database": func() error {
			_, _, err := w.CreateApp(admin, core.NewApp{TenantID: team, Name: "Late", Service: "cache"})
			return err
		},
		"upload": func() error {
			_, err := w.BeginUpload(admin, core.Upload{TenantID: team, FileName: "a.tar", Size: 10})
			return err
		},
		"release": func() error {
			_, _, err := w.Release(admin, app.ID, core.NewRelease{Version: "1.0"})
			return err
		},
		"token": func() error {
			_, _, err := w.CreateToken(admin, core.Token{TenantID: team, Name: "ci", Scope: core.ScopeRead})
			return err
		},
		"invitation": func() error { _, err := w.Invite(admin, team, "x@example.com", core.RoleViewer); return err },
		"name":       func() error { _, err := w.ChangeTenant(admin, team, core.TenantChange{Name: &name}); return err },
	} {
		if err := try(); core.ErrorCode(err) != core.ECONFLICT {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.Operation(w.operator(), op.ID); err != nil {
		t.Error(err)
	}
}

func TestPeople(t *testing.T) {
	w := newWorld(t)
	boss, err := w.setup(boss)
	w.must(err)
	ctx := w.again(boss.ID)
	no, yes := false, true
	w.refused(w.SetPowers(ctx, boss.ID, &no, nil), core.ECONFLICT)
	w.refused(w.DeleteAccount(ctx, boss.Email), core.ECONFLICT)
	_, helper := w.someone("helper@example.com")
	w.refused(w.SetPowers(w.again(helper.ID), helper.ID, &yes, nil), core.EFORBIDDEN)
	w.must(w.SetPowers(ctx, helper.ID, nil, &yes))
	if a := core.ActorFrom(w.again(helper.ID)); !a.Support || a.Operator {
		t.Errorf("%+v", a)
	}
	people, next, err := w.People(ctx, core.UserFilter{})
	w.must(err)
	if len(people) != 2 || next != "" {
		t.Errorf("%+v", people)
	}
	_, _, err = w.People(w.again(helper.ID), core.UserFilter{})
	w.refused(err, core.EFORBIDDEN)
	_, err = w.PersonEstate(w.again(helper.ID), boss.ID)
	w.refused(err, core.EFORBIDDEN)

	admin, user, team := w.team("Tea")
	app := w.app(admin, team, "Shop")
	_ = app
	estate, err := w.PersonEstate(admin, user.ID)
	w.must(err)
	if len(estate.Held) != 1 || len(estate.Goes) != 0 || len(estate.Tenants) != 1 {
		t.Errorf("%+v", estate)
	}
	w.refused(w.DeleteAccount(admin, user.Email), core.ECONFLICT)

	lone, loner, empty := w.team("Empty")
	w.must(w.store.Sessions().Create(nobody, core.Session{ID: core.NewID(), TokenHash: core.NewSecret(), UserID: loner.ID, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}))
	w.refused(w.DeleteAccount(lone, "wrong@example.com"), core.EINVALID, "email")
	w.refused(w.DeletePerson(w.again(helper.ID), loner.ID, loner.Email), core.EFORBIDDEN)
	w.must(w.DeleteAccount(lone, loner.Email))
	_, _, err = w.ActorOfUser(nobody, loner.ID)
	w.refused(err, core.EUNAUTHORIZED)
	if n, err := w.store.Sessions().CountOf(w.operator(), loner.ID); n != 0 || err != nil {
		t.Error(n, err)
	}
	tenant, err := w.Tenant(w.operator(), empty)
	w.must(err)
	if !tenant.Deleting {
		t.Error("a team that nobody is left in stays")
	}
	w.must(w.DeletePerson(ctx, helper.ID, "HELPER@example.com"))
}

func TestRegistration(t *testing.T) {
	w := newWorld(t)
	in := core.Registration{Name: "Somebody", Email: "new@example.com", Password: "correct horse battery", Team: "Tea"}
	_, err := w.Register(nobody, in, "192.0.2.1:1")
	w.refused(err, core.ENOTFOUND)
	w.must(w.CheckRegistration(nobody))

	deps := w.deps
	deps.Registration, deps.RegistrationPlan = true, "golden"
	w.Service = New(deps)
	w.refused(w.CheckRegistration(nobody), core.EINVALID, "registration-plan")
	deps.RegistrationPlan = "starter"
	w.Service = New(deps)
	w.must(w.CheckRegistration(nobody))

	w.refused(w.DeletePlan(w.operator(), "starter"), core.ECONFLICT) // Berth would not start again
	_, err = w.Register(nobody, core.Registration{Name: "x", Email: "y", Password: "z"}, "192.0.2.1:1")
	w.refused(err, core.EINVALID, "name", "email", "password", "team")
	user, err := w.Register(nobody, in, "192.0.2.1:1")
	w.must(err)
	actor := core.ActorFrom(w.again(user.ID))
	if actor.Operator || actor.Support || actor.Roles["tea"] != core.RoleAdmin {
		t.Errorf("%+v", actor)
	}
	tenant, err := w.Tenant(w.operator(), "tea")
	w.must(err)
	if tenant.Plan != "starter" {
		t.Error(tenant)
	}
	_, err = w.Register(nobody, in, "192.0.2.1:1")
	w.refused(err, core.ECONFLICT, "email")
	_, err = w.FoundTenant(w.again(user.ID), "More")
	w.refused(err, core.ECONFLICT)
	lone, _ := w.someone("lone@example.com")
	tenant, err = w.FoundTenant(lone, "Tea")
	w.must(err)
	if tenant.ID != "tea-2" {
		t.Error(tenant)
	}
	for range maxFailures {
		_, err = w.Register(nobody, core.Registration{}, "192.0.2.9:1")
	}
	w.refused(err, core.EINVALID)
	_, err = w.Register(nobody, core.Registration{}, "192.0.2.9:1")
	w.refused(err, core.ETOOMANY)
}
