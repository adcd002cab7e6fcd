package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"berth/core"
)

func (w *world) newSession(userID string, seen time.Duration) core.Session {
	w.Helper()
	now := time.Now()
	s := core.Session{ID: core.NewID(), TokenHash: core.NewSecret(), UserID: userID, Peer: "192.0.2.1", Agent: "Browser/1",
		CreatedAt: now.Add(-time.Hour), SeenAt: now.Add(-seen), ExpiresAt: now.Add(time.Hour), Data: []byte("a\x00\xff")}
	w.ok(w.Sessions().Create(w.nobody, s))
	return s
}

// data checks what a session holds; "" means that there is none.
func (w *world) data(s core.Session, want string) {
	w.Helper()
	data, ok, err := w.Sessions().Find(w.nobody, s.TokenHash)
	w.ok(err)
	if ok != (want != "") || string(data) != want {
		w.Fatalf("got %q, %v, want %q", data, ok, want)
	}
}

func testSessions(w *world) {
	now := time.Now()
	long, short := w.newSession("u", 0), w.newSession("u", 0)
	w.data(long, "a\x00\xff")
	w.ok(w.Sessions().Touch(w.nobody, long.TokenHash, []byte("b"), now, now.Add(time.Hour)))
	w.ok(w.Sessions().Touch(w.nobody, long.TokenHash, []byte("b"), now, now.Add(time.Hour))) // nothing to change is no error
	w.data(long, "b")

	w.ok(w.Sessions().Touch(w.nobody, short.TokenHash, []byte("c"), now, now.Add(-time.Millisecond)))
	w.data(short, "")
	w.ok(w.Sessions().DeleteExpired(w.system, time.Now()))
	w.data(long, "b")
	w.ok(w.Sessions().DeleteExpired(w.system, now.Add(2*time.Hour)))
	w.data(long, "")

	gone := w.newSession("u", 0)
	w.ok(w.Sessions().Delete(w.nobody, gone.TokenHash))
	w.ok(w.Sessions().Delete(w.nobody, gone.TokenHash))
	w.ok(w.Sessions().Touch(w.nobody, gone.TokenHash, []byte("d"), now, now.Add(time.Hour)))
	w.data(gone, "") // a use that was under way does not bring it back
}

func testSessionsOfUser(w *world) {
	me, you := w.newUser("Person"), w.newUser("Person")
	old, fresh, third := w.newSession(me.ID, time.Hour), w.newSession(me.ID, time.Minute), w.newSession(me.ID, 2*time.Hour)
	theirs := w.newSession(you.ID, 0)
	listed := func(all ...core.Session) []core.Session {
		for i := range all {
			all[i].Data = nil
		}
		return all
	}
	check(w, listed(fresh, old, third))(w.Sessions().OfUser(w.nobody, me.ID, time.Now()))
	empty(w)(w.Sessions().OfUser(w.nobody, me.ID, time.Now().Add(2*time.Hour)))

	w.fails(w.Sessions().DeleteOne(w.nobody, me.ID, theirs.ID), core.ENOTFOUND)
	w.ok(w.Sessions().DeleteOne(w.nobody, me.ID, old.ID))
	w.fails(w.Sessions().DeleteOne(w.nobody, me.ID, old.ID), core.ENOTFOUND)
	check(w, 1)(w.Sessions().DeleteOthers(w.nobody, me.ID, fresh.ID))
	check(w, listed(fresh))(w.Sessions().OfUser(w.nobody, me.ID, time.Now()))
	check(w, 1)(w.Sessions().DeleteOthers(w.nobody, me.ID, ""))
	w.data(theirs, "a\x00\xff")
}

func testTickets(w *world) {
	me := w.newUser("Person")
	ticket := func(purpose core.TicketPurpose) core.Ticket {
		t := core.Ticket{Hash: core.NewSecret(), Purpose: purpose, UserID: me.ID, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
		w.ok(w.Tickets().Create(w.nobody, t))
		return t
	}
	reset, code := ticket(core.TicketReset), ticket(core.TicketCode)
	check(w, reset)(w.Tickets().Get(w.nobody, core.TicketReset, reset.Hash))
	_, err := w.Tickets().Get(w.nobody, core.TicketReset, code.Hash)
	w.fails(err, core.EGONE)
	w.fails(w.Tickets().Take(w.nobody, core.TicketCode, reset.Hash), core.EGONE)
	w.ok(w.Tickets().Take(w.nobody, core.TicketReset, reset.Hash))
	w.fails(w.Tickets().Take(w.nobody, core.TicketReset, reset.Hash), core.EGONE)

	w.ok(w.Tickets().DeleteExpired(w.system, time.Now()))
	check(w, code)(w.Tickets().Get(w.nobody, core.TicketCode, code.Hash))
	w.ok(w.Tickets().DeleteExpired(w.system, time.Now().Add(2*time.Hour)))
	_, err = w.Tickets().Get(w.nobody, core.TicketCode, code.Hash)
	w.fails(err, core.EGONE)

	left := ticket(core.TicketReset)
	w.ok(w.Tickets().DeleteOf(w.nobody, me.ID))
	w.fails(w.Tickets().Take(w.nobody, core.TicketReset, left.Hash), core.EGONE)
	left.UserID = "nobody"
	w.fails(w.Tickets().Create(w.nobody, left), core.ENOTFOUND)
}

func testTwoFactors(w *world) {
	me := w.newUser("Person")
	_, err := w.TwoFactors().Get(w.nobody, me.ID)
	w.fails(err, core.ENOTFOUND)
	t := core.TwoFactor{UserID: me.ID, Secret: "JBSWY3DPEHPK3PXP", CreatedAt: time.Now()}
	w.ok(w.TwoFactors().Put(w.nobody, t))
	check(w, t)(w.TwoFactors().Get(w.nobody, me.ID))
	w.ok(w.TwoFactors().Use(w.nobody, me.ID, 100))
	t.On = true
	check(w, t)(w.TwoFactors().Get(w.nobody, me.ID))
	w.fails(w.TwoFactors().Use(w.nobody, me.ID, 100), core.EGONE)
	w.fails(w.TwoFactors().Use(w.nobody, me.ID, 99), core.EGONE)

	var won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if w.TwoFactors().Use(w.nobody, me.ID, 101) == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	same(w, won.Load(), 1)

	w.ok(w.TwoFactors().PutCodes(w.nobody, me.ID, []string{"a", "b"}))
	check(w, 2)(w.TwoFactors().CountCodes(w.nobody, me.ID))
	w.ok(w.TwoFactors().TakeCode(w.nobody, me.ID, "a"))
	w.fails(w.TwoFactors().TakeCode(w.nobody, me.ID, "a"), core.EGONE)
	w.fails(w.TwoFactors().TakeCode(w.nobody, "nobody", "b"), core.EGONE)
	check(w, 1)(w.TwoFactors().CountCodes(w.nobody, me.ID))
	w.ok(w.TwoFactors().PutCodes(w.nobody, me.ID, []string{"c"}))
	w.fails(w.TwoFactors().TakeCode(w.nobody, me.ID, "b"), core.EGONE)

	again := core.TwoFactor{UserID: me.ID, Secret: "KRSXG5A", CreatedAt: time.Now()}
	w.ok(w.TwoFactors().Put(w.nobody, again)) // a new secret begins anew
	check(w, again)(w.TwoFactors().Get(w.nobody, me.ID))
	check(w, 0)(w.TwoFactors().CountCodes(w.nobody, me.ID))
	w.ok(w.TwoFactors().Use(w.nobody, me.ID, 1))
	w.ok(w.TwoFactors().Delete(w.nobody, me.ID))
	w.ok(w.TwoFactors().Delete(w.nobody, me.ID))
	_, err = w.TwoFactors().Get(w.nobody, me.ID)
	w.fails(err, core.ENOTFOUND)
	w.fails(w.TwoFactors().Use(w.nobody, me.ID, 2), core.EGONE)
	again.UserID = "nobody"
	w.fails(w.TwoFactors().Put(w.nobody, again), core.ENOTFOUND)
}

func testIdentities(w *world) {
	me, you := w.newUser("Person"), w.newUser("Person")
	i := core.Identity{Issuer: "https://id.example.com/" + core.NewInstanceID(), Subject: "Ä 1", UserID: me.ID, CreatedAt: time.Now()}
	w.ok(w.Identities().Create(w.nobody, i))
	check(w, i)(w.Identities().Get(w.nobody, i.Issuer, i.Subject))
	check(w, []core.Identity{i})(w.Identities().OfUser(w.nobody, me.ID))
	empty(w)(w.Identities().OfUser(w.nobody, you.ID))
	for _, other := range [][2]string{{i.Issuer, "ä 1"}, {i.Issuer, "Ä 1 "}, {i.Issuer + "/", i.Subject}} {
		_, err := w.Identities().Get(w.nobody, other[0], other[1])
		w.fails(err, core.ENOTFOUND)
	}
	stolen := i
	stolen.UserID = you.ID
	w.fails(w.Identities().Create(w.nobody, stolen), core.ECONFLICT)
	stolen.Subject, stolen.UserID = "2", "nobody"
	w.fails(w.Identities().Create(w.nobody, stolen), core.ENOTFOUND)
}
