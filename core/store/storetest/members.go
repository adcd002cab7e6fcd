package storetest

import (
	"sync"
	"time"

	"berth/core"
)

func testMemberships(w *world) {
	u, other := w.newUser("bert"), w.newUser("Ann")
	m := core.Membership{TenantID: w.tenant.ID, UserID: u.ID, Role: core.RoleViewer, CreatedAt: time.Now()}
	w.ok(w.Members().Put(w.alice, m))
	later := m
	later.Role, later.CreatedAt = core.RoleAdmin, time.Now().Add(time.Hour) // since when stays
	w.ok(w.Members().Put(w.alice, later))
	m.Role = core.RoleAdmin
	check(w, m)(w.Members().Get(w.alice, w.tenant.ID, u.ID))
	check(w, []core.Membership{m})(w.Members().Of(w.nobody, u.ID))
	empty(w)(w.Members().Of(w.nobody, "nobody"))
	check(w, []string{u.ID})(w.Members().Admins(w.alice, w.tenant.ID))
	empty(w)(w.Members().Admins(w.bob, w.tenant.ID))

	w.ok(w.TwoFactors().Put(w.system, core.TwoFactor{UserID: u.ID, Secret: "x", On: true, CreatedAt: time.Now()}))
	w.ok(w.TwoFactors().Use(w.system, u.ID, 1))
	second := core.Membership{TenantID: w.tenant.ID, UserID: other.ID, Role: core.RoleDeveloper, CreatedAt: time.Now()}
	w.ok(w.Members().Put(w.alice, second))
	check(w, []core.Member{{Membership: second, Name: "Ann", Email: other.Email}, {Membership: m, Name: "bert", Email: u.Email, TwoFactor: true}})(
		w.Members().List(w.alice, w.tenant.ID)) // as people sort

	w.ok(w.Members().Remove(w.alice, w.tenant.ID, u.ID))
	w.fails(w.Members().Remove(w.alice, w.tenant.ID, u.ID), core.ENOTFOUND)
	_, err := w.Members().Get(w.alice, w.tenant.ID, u.ID)
	w.fails(err, core.ENOTFOUND)
	m.UserID = "nobody"
	w.fails(w.Members().Put(w.alice, m), core.ENOTFOUND)
}

func testInvitations(w *world) {
	first, second := w.newInvitation("ann@example.com"), w.newInvitation("ben@example.com")
	check(w, []core.Invitation{second, first})(w.Invitations().Open(w.alice, w.tenant.ID))
	check(w, first)(w.Invitations().Get(w.alice, w.tenant.ID, first.ID))
	check(w, first)(w.Invitations().BySecretHash(w.nobody, first.SecretHash))
	_, err := w.Invitations().Get(w.alice, w.other.ID, first.ID)
	w.fails(err, core.ENOTFOUND)

	renewed := first
	renewed.SecretHash, renewed.Role, renewed.ExpiresAt = core.NewSecret(), core.RoleAdmin, time.Now().Add(2*time.Hour)
	w.ok(w.Invitations().Update(w.alice, renewed))
	_, err = w.Invitations().BySecretHash(w.nobody, first.SecretHash)
	w.fails(err, core.ENOTFOUND)
	check(w, renewed)(w.Invitations().BySecretHash(w.nobody, renewed.SecretHash))

	renewed.AcceptedAt = time.Now()
	w.ok(w.Invitations().Take(w.nobody, first.ID, renewed.AcceptedAt))
	w.fails(w.Invitations().Take(w.nobody, first.ID, time.Now()), core.EGONE)
	check(w, renewed)(w.Invitations().Get(w.alice, w.tenant.ID, first.ID))
	second.RevokedAt = time.Now()
	w.ok(w.Invitations().Update(w.alice, second))
	w.fails(w.Invitations().Take(w.nobody, second.ID, time.Now()), core.EGONE)
	empty(w)(w.Invitations().Open(w.alice, w.tenant.ID))

	w.ok(w.Invitations().Prune(w.system, second.ExpiresAt.Add(time.Millisecond)))
	_, err = w.Invitations().Get(w.alice, w.tenant.ID, second.ID)
	w.fails(err, core.ENOTFOUND)
	check(w, renewed)(w.Invitations().Get(w.alice, w.tenant.ID, first.ID))
}

func testTenantPages(w *world) {
	mark := core.NewInstanceID()
	var want, got []string
	for _, name := range []string{"a", "B", "c"} {
		want = append(want, w.newTenant(mark+" "+name).Name)
	}
	for cursor := ""; ; {
		page, next, err := w.Tenants().List(w.system, core.TenantFilter{Search: mark, Limit: 2, Cursor: cursor})
		w.ok(err)
		for _, t := range page {
			got = append(got, t.Name)
		}
		if cursor = next; next == "" {
			break
		}
	}
	same(w, got, want)
	_, _, err := w.Tenants().List(w.system, core.TenantFilter{Cursor: "!"})
	w.fails(err, core.EINVALID, "cursor")
	page, _, err := w.Tenants().List(w.bob, core.TenantFilter{})
	w.ok(err)
	same(w, page, []core.Tenant{w.other})

	members, apps, err := w.Tenants().Counts(w.system, []string{w.tenant.ID, w.other.ID})
	w.ok(err)
	same(w, members, map[string]int{})
	same(w, apps, map[string]int{w.tenant.ID: 1})
}

func testTenantDelete(w *world) {
	e := w.newEstate()
	estate, err := w.Tenants().Estate(w.alice, w.tenant.ID)
	w.ok(err)
	same(w, estate, core.Estate{Apps: []core.App{w.app}, Versions: 1, Members: 1, Invitations: 1, Tokens: 1})

	t := w.tenant
	t.Deleting = true
	w.ok(w.Tenants().Update(w.alice, t))
	ids, err := w.Tenants().Deleting(w.alice)
	w.ok(err)
	same(w, ids, []string{t.ID})
	due, err := w.Uploads().Expired(w.alice, time.Now()) // it has an hour left, were its tenant not to go
	w.ok(err)
	same(w, len(due), 1)

	op := core.Operation{ID: core.NewID(), TenantID: t.ID, Kind: core.OpDeleteTenant, Status: core.OpRunning,
		Steps: core.StepsOf(core.OpDeleteTenant, time.Now()), CreatedAt: time.Now()}
	w.ok(w.Operations().Create(w.alice, op))
	open, err := w.Operations().OpenOf(w.alice, t.ID)
	w.ok(err)
	same(w, len(open), 1)

	w.fails(w.Tenants().Delete(w.alice, t.ID), core.ECONFLICT)
	w.ok(w.Apps().Delete(w.alice, w.app.ID))
	w.fails(w.Tenants().Delete(w.alice, t.ID), core.ECONFLICT)
	w.ok(w.Uploads().Delete(w.alice, e.upload.ID))
	w.ok(w.Tenants().Delete(w.alice, t.ID))
	w.fails(w.Tenants().Delete(w.alice, t.ID), core.ENOTFOUND)
	w.sees(w.system, e, false)
	_, err = w.Operations().Get(w.system, e.operation.ID)
	w.fails(err, core.ENOTFOUND)
	_, err = w.Operations().Get(w.system, op.ID)
	w.ok(err)
	_, err = w.Invitations().BySecretHash(w.nobody, e.invitation.SecretHash)
	w.fails(err, core.ENOTFOUND)
	w.fails(w.Tenants().Create(w.system, w.tenant), core.ECONFLICT, "name") // the audit still speaks of the old one
}

func testPeople(w *world) {
	mark := core.NewInstanceID()
	ann, ben := w.newUser(mark+" ann"), w.newUser(mark+" Ben")
	ben.Operator = true
	w.ok(w.Users().Update(w.system, ben))
	for _, t := range []core.Tenant{w.other, w.tenant} {
		w.ok(w.Members().Put(w.system, core.Membership{TenantID: t.ID, UserID: ann.ID, Role: core.RoleViewer, CreatedAt: time.Now()}))
	}
	page, next, err := w.Users().List(w.system, core.UserFilter{Search: mark, Limit: 1})
	w.ok(err)
	same(w, page, []core.Person{{User: ann, Tenants: []core.Tenancy{{Tenant: w.tenant, Role: core.RoleViewer}, {Tenant: w.other, Role: core.RoleViewer}}}})
	page, next, err = w.Users().List(w.system, core.UserFilter{Search: mark, Limit: 1, Cursor: next})
	w.ok(err)
	same(w, page, []core.Person{{User: ben}})
	same(w, next, "")
	page, _, err = w.Users().List(w.system, core.UserFilter{Search: ann.Email})
	w.ok(err)
	same(w, len(page), 1)

	operators, err := w.Users().Operators(w.system)
	w.ok(err)
	found := 0
	for _, id := range operators {
		if id == ben.ID {
			found++
		}
		if id == ann.ID {
			w.Error("is no operator")
		}
	}
	same(w, found, 1)

	w.newSession(ann.ID, 0)
	over := w.newSession(ann.ID, 0)
	w.ok(w.Sessions().Touch(w.nobody, over.TokenHash, over.Data, time.Now(), time.Now().Add(-time.Hour)))
	check(w, 1)(w.Sessions().CountOf(w.system, ann.ID))
	w.ok(w.Users().Delete(w.system, ann.ID))
	w.fails(w.Users().Delete(w.system, ann.ID), core.ENOTFOUND)
	check(w, 0)(w.Sessions().CountOf(w.system, ann.ID))
	empty(w)(w.Members().Of(w.system, ann.ID))
}

// raceLastAdmin: two admins leave at once, each seeing the other.
func raceLastAdmin(w *world, other core.Store) {
	for range 10 {
		t := w.newTenant("Race")
		ctx := w.member(t)
		users := []core.User{w.newUser("Ann"), w.newUser("Ben")}
		for _, u := range users {
			w.ok(w.Members().Put(ctx, core.Membership{TenantID: t.ID, UserID: u.ID, Role: core.RoleAdmin, CreatedAt: time.Now()}))
		}
		errs, stores := make([]error, 2), []core.Store{w.Store, other}
		var both sync.WaitGroup
		for i, u := range users {
			both.Go(func() {
				errs[i] = stores[i].Transact(ctx, func(tx core.Store) error {
					admins, err := tx.Members().Admins(ctx, t.ID)
					if err == nil && len(admins) == 1 {
						err = core.Errorf(core.ECONFLICT, "error.last_admin")
					}
					if err != nil {
						return err
					}
					return tx.Members().Remove(ctx, t.ID, u.ID)
				})
			})
		}
		both.Wait()
		w.oneWins(errs, core.ECONFLICT)
		admins, err := w.Members().Admins(ctx, t.ID)
		w.ok(err)
		same(w, len(admins), 1)
	}
}

// raceInvitation: many accept at once.
func raceInvitation(w *world, other core.Store) {
	i := w.newInvitation("ann@example.com")
	w.oneWins(atOnce(w.Store, other, func(s core.Store, _ int) error {
		return s.Invitations().Take(w.nobody, i.ID, time.Now())
	}), core.EGONE)
}
