package storetest

import (
	"context"
	"time"

	"berth/core"
)

func (w *world) newDomain(name string) core.Domain {
	w.Helper()
	now := time.Now()
	d := core.Domain{Name: name, AppID: w.app.ID, TenantID: w.app.TenantID, HTTPS: true, Certificate: core.CertificateAutomatic,
		Challenge: core.NewChallenge(), Author: "Alice", CreatedAt: now, NextCheck: now}
	w.ok(w.Domains().Create(w.alice, d))
	return d
}

// newName is a domain that no other test has.
func newName() string { return "d" + core.NewInstanceID() + ".example.com" }

func testDomains(w *world) {
	name := newName()
	d := w.newDomain(name)
	check(w, d)(w.Domains().Get(w.alice, d.AppID, name))
	other := w.newDomain("a." + name)
	check(w, []core.Domain{other, d})(w.Domains().List(w.alice, d.AppID))
	check(w, 2)(w.Domains().Count(w.alice, d.AppID))
	w.fails(w.Domains().Create(w.alice, d), core.ECONFLICT, "domain")

	d.Redirect, d.HTTPS, d.Certificate, d.Challenge = "www."+name, false, core.CertificateNone, "ignored"
	w.ok(w.Domains().UpdateSpec(w.alice, d))
	w.ok(w.Domains().UpdateSpec(w.alice, d)) // the same again is no change, and no fault
	d.Challenge = ""
	got, err := w.Domains().Get(w.alice, d.AppID, name)
	w.ok(err)
	d.Challenge = got.Challenge
	same(w, got, d)

	d.Verified, d.VerifiedAt, d.CheckedAt, d.NextCheck = true, time.Now(), time.Now(), time.Now().Add(time.Hour)
	d.Leads, d.LostAt, d.Problem = core.LeadsElsewhere, time.Now(), core.T("domain.lost", "domain", name)
	w.ok(w.Domains().UpdateStatus(w.system, d))
	check(w, d)(w.Domains().Get(w.alice, d.AppID, name))

	w.ok(w.Domains().Delete(w.alice, d.AppID, name))
	_, err = w.Domains().Get(w.alice, d.AppID, name)
	w.fails(err, core.ENOTFOUND)
	w.fails(w.Domains().Delete(w.alice, d.AppID, name), core.ENOTFOUND)
	w.fails(w.Domains().UpdateSpec(w.alice, d), core.ENOTFOUND)
	w.fails(w.Domains().UpdateStatus(w.system, d), core.ENOTFOUND)
}

// testDomainHeld: several may claim a name, one has it.
func testDomainHeld(w *world) {
	d := w.newDomain(newName())
	second := w.newApp(w.tenant, "Second")
	again := d
	again.AppID = second.ID
	w.fails(w.Domains().Create(w.alice, again), core.ECONFLICT, "domain")

	theirs := d
	their := w.newApp(w.other, "Theirs")
	theirs.AppID, theirs.TenantID, theirs.Challenge = their.ID, their.TenantID, core.NewChallenge()
	w.ok(w.Domains().Create(w.bob, theirs))
	theirs.Verified = true
	w.ok(w.Domains().UpdateStatus(w.system, theirs))
	d.Verified = true
	w.fails(w.Domains().UpdateStatus(w.system, d), core.ECONFLICT, "domain")
	got, err := w.Domains().Get(w.alice, d.AppID, d.Name)
	w.ok(err)
	same(w, got.Verified, false)

	w.ok(w.Domains().Delete(w.alice, d.AppID, d.Name))
	d.Verified = false
	w.fails(w.Domains().Create(w.alice, d), core.ECONFLICT, "domain")
	theirs.Verified = false
	w.ok(w.Domains().UpdateStatus(w.system, theirs))
	w.ok(w.Domains().Create(w.alice, d))
	d.Verified = true
	w.ok(w.Domains().UpdateStatus(w.system, d))
	w.ok(w.Apps().Delete(w.system, their.ID))
	w.ok(w.Apps().Delete(w.system, d.AppID))
	empty(w)(w.Domains().List(w.system, d.AppID))
}

// testDomainDue: what is to be checked, the longest due first; a clock that was set back leaves nothing waiting.
func testDomainDue(w *world) {
	base := time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC) // before what other tests have
	var want []string
	for i, at := range []time.Duration{2 * time.Minute, time.Minute, time.Hour} {
		d := w.newDomain(newName())
		d.NextCheck, d.CheckedAt = base.Add(at), base.Add(-time.Hour)
		if i == 2 {
			d.CheckedAt = base.Add(50 * time.Minute)
		}
		w.ok(w.Domains().UpdateStatus(w.system, d))
		want = append(want, d.Name)
	}
	names := func(at time.Duration, limit int) (found []string) {
		due, err := w.Domains().Due(w.system, base.Add(at), limit)
		w.ok(err)
		for _, d := range due {
			for _, n := range want {
				if n == d.Name {
					found = append(found, n)
				}
			}
		}
		return found
	}
	same(w, names(90*time.Second, 10), []string{want[1], want[2]})
	same(w, names(51*time.Minute, 10), []string{want[1], want[0]})
	same(w, names(51*time.Minute, 1), want[1:2])
	w.ok(w.Apps().Delete(w.system, w.app.ID))
}

func (w *world) newCertificate(d core.Domain) core.Certificate {
	w.Helper()
	now := time.Now()
	c := core.Certificate{ID: core.NewID(), TenantID: d.TenantID, AppID: d.AppID, Domain: d.Name, Kind: core.CertificateAutomatic,
		NextTry: now, CreatedAt: now}
	w.ok(w.Certificates().Put(w.alice, c))
	return c
}

func testCertificates(w *world) {
	d := w.newDomain(newName())
	c := w.newCertificate(d)
	check(w, c)(w.Certificates().Get(w.alice, d.AppID, d.Name))
	got, err := w.Domains().Get(w.alice, d.AppID, d.Name)
	w.ok(err)
	same(w, got.Certified, false)
	_, err = w.Certificates().Key(w.system, c.ID)
	w.fails(err, core.ENOTFOUND)

	up := core.Certificate{ID: core.NewID(), TenantID: d.TenantID, AppID: d.AppID, Domain: d.Name, Kind: core.CertificateUploaded,
		Names: []string{d.Name}, Chain: "PEM", Key: []byte("the key"), Issuer: "Us", NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour),
		CreatedAt: time.Now(), UpdatedAt: time.Now()}
	w.ok(w.Certificates().Put(w.alice, up))
	check(w, []byte("the key"))(w.Certificates().Key(w.system, up.ID))
	up.Key = nil
	check(w, []core.Certificate{up})(w.Certificates().List(w.alice, d.AppID))
	got, err = w.Domains().Get(w.alice, d.AppID, d.Name)
	w.ok(err)
	same(w, got.Certified, true)

	w.presented(up, false)
	d.Verified = true
	w.ok(w.Domains().UpdateStatus(w.system, d))
	w.presented(up, true)
	ending, err := w.Certificates().Ending(w.system, up.NotAfter.Add(time.Second))
	w.ok(err)
	same(w, hasCertificate(ending, up), true)
	w.ok(w.Certificates().Warned(w.system, up.ID, time.Now()))
	ending, err = w.Certificates().Ending(w.system, up.NotAfter.Add(time.Second))
	w.ok(err)
	same(w, hasCertificate(ending, up), false)

	w.ok(w.Domains().Delete(w.alice, d.AppID, d.Name))
	_, err = w.Certificates().Get(w.alice, d.AppID, d.Name)
	w.fails(err, core.ENOTFOUND)
	w.fails(w.Certificates().Put(w.alice, up), core.ENOTFOUND)
}

// testCertificateAsk: another certificate may be asked for while one is presented, and that may be taken back.
func testCertificateAsk(w *world) {
	d := w.newDomain(newName())
	w.fails(w.Certificates().Ask(w.alice, d.AppID, d.Name, time.Now()), core.ENOTFOUND)
	d.Verified, d.Leads = true, core.LeadsHere
	w.ok(w.Domains().UpdateStatus(w.system, d))
	up := core.Certificate{ID: core.NewID(), TenantID: d.TenantID, AppID: d.AppID, Domain: d.Name, Kind: core.CertificateUploaded,
		Names: []string{d.Name}, Chain: "PEM", Key: []byte("the key"), NotAfter: time.Now().Add(time.Hour), CreatedAt: time.Now(), UpdatedAt: time.Now()}
	w.ok(w.Certificates().Put(w.alice, up))
	base := time.Now()
	claim := func(want string) core.Certificate {
		w.Helper()
		c, err := w.Certificates().Claim(w.system, base.Add(time.Second), "one", time.Minute)
		w.ok(err)
		same(w, c.ID, want)
		return c
	}
	claim("")
	w.ok(w.Certificates().Ask(w.alice, d.AppID, d.Name, base))
	w.ok(w.Certificates().Ask(w.alice, d.AppID, d.Name, base))
	c := claim(up.ID)
	same(w, c.Kind, core.CertificateUploaded)
	w.presented(up, true)
	check(w, []byte("the key"))(w.Certificates().Key(w.system, up.ID))

	w.ok(w.Certificates().Ask(w.alice, d.AppID, d.Name, time.Time{}))
	w.fails(w.Certificates().Settle(w.system, c, "one"), core.ENOTFOUND) // the claim is gone
	claim("")
	up.Key = nil
	check(w, up)(w.Certificates().Get(w.alice, d.AppID, d.Name))

	w.ok(w.Certificates().Ask(w.alice, d.AppID, d.Name, base))
	c = claim(up.ID)
	c.Kind, c.Chain, c.Key, c.NextTry = core.CertificateAutomatic, "PEM 2", []byte("another"), base.Add(time.Hour)
	w.ok(w.Certificates().Settle(w.system, c, "one"))
	check(w, []byte("another"))(w.Certificates().Key(w.system, up.ID))
	c.Key = nil
	check(w, c)(w.Certificates().Get(w.alice, d.AppID, d.Name))
	w.ok(w.Domains().Delete(w.alice, d.AppID, d.Name))
}

// testCertificateFailing: one that could not be had after some tries, of a domain that is verified.
func testCertificateFailing(w *world) {
	d := w.newDomain(newName())
	c := w.newCertificate(d)
	failing := func(want bool) {
		w.Helper()
		list, err := w.Certificates().Failing(w.system, 3)
		w.ok(err)
		same(w, hasCertificate(list, c), want)
	}
	c.Error, c.Tries = core.T("error.internal"), 2
	w.ok(w.Certificates().Put(w.alice, c))
	failing(false)
	c.Tries = 3
	w.ok(w.Certificates().Put(w.alice, c))
	failing(false)
	d.Verified, d.Leads = true, core.LeadsHere
	w.ok(w.Domains().UpdateStatus(w.system, d))
	failing(true)
	c.Chain, c.NotAfter = "a chain", time.Now().Add(time.Hour)
	w.ok(w.Certificates().Put(w.alice, c))
	failing(false)
	w.ok(w.Domains().Delete(w.alice, d.AppID, d.Name))
}

func (w *world) presented(c core.Certificate, want bool) {
	w.Helper()
	list, err := w.Certificates().Presented(w.system)
	w.ok(err)
	same(w, hasCertificate(list, c), want)
}

func hasCertificate(list []core.Certificate, c core.Certificate) bool {
	for _, x := range list {
		if x.ID == c.ID {
			return true
		}
	}
	return false
}

// testCertificateClaim: one worker at a time has it, for as long as it said, and only for a domain that is verified.
func testCertificateClaim(w *world) {
	d := w.newDomain(newName())
	c := w.newCertificate(d)
	base := time.Now()
	claim := func(at time.Duration, owner string) bool {
		w.Helper()
		got, err := w.Certificates().Claim(w.system, base.Add(at), owner, time.Minute)
		w.ok(err)
		if got.ID != "" && got.ID != c.ID {
			w.Fatalf("claimed %s", got.Domain)
		}
		return got.ID == c.ID
	}
	same(w, claim(time.Second, "one"), false)
	d.Verified, d.Leads = true, core.LeadsHere
	w.ok(w.Domains().UpdateStatus(w.system, d))
	same(w, claim(time.Second, "one"), true)
	same(w, claim(2*time.Second, "two"), false)
	same(w, claim(2*time.Minute, "two"), true)

	c.Chain, c.Key, c.Names, c.NextTry = "PEM", []byte("k"), []string{d.Name}, base.Add(time.Hour)
	w.fails(w.Certificates().Settle(w.system, c, "one"), core.ENOTFOUND)
	w.ok(w.Certificates().Settle(w.system, c, "two"))
	check(w, []byte("k"))(w.Certificates().Key(w.system, c.ID))
	c.Key, c.Error, c.Tries = nil, core.T("certificate.failed"), 1
	same(w, claim(59*time.Minute, "one"), false)
	same(w, claim(61*time.Minute, "one"), true)
	w.ok(w.Certificates().Settle(w.system, c, "one"))
	check(w, []byte("k"))(w.Certificates().Key(w.system, c.ID)) // what failed leaves what was there
	check(w, c)(w.Certificates().Get(w.alice, d.AppID, d.Name))
	w.ok(w.Certificates().Delete(w.alice, d.AppID, d.Name))
}

func testBaseCertificate(w *world) {
	c := core.Certificate{ID: core.BaseCertificateID, Domain: "*.apps.example.com", Kind: core.CertificateUploaded, Chain: "PEM",
		Key: []byte("k"), Names: []string{"*.apps.example.com"}, CreatedAt: time.Now()}
	w.fails(w.Certificates().Put(w.alice, c), core.ENOTFOUND)
	for range 2 {
		w.ok(w.Certificates().Put(w.system, c))
	}
	w.presented(c, true)
	_, err := w.Certificates().Get(w.alice, "", "")
	w.fails(err, core.ENOTFOUND)
	_, err = w.Certificates().Key(w.alice, c.ID)
	w.fails(err, core.ENOTFOUND)
	w.ok(w.Certificates().Delete(w.alice, "", "")) // absent for alice
	c.Key = nil
	check(w, c)(w.Certificates().Get(w.system, "", ""))
	w.ok(w.Certificates().Delete(w.system, "", ""))
	w.presented(c, false)
}

func testACMEAccounts(w *world) {
	a := core.ACMEAccount{Directory: "https://ca.example/" + core.NewInstanceID(), Location: "https://ca.example/1", Key: []byte("k"), CreatedAt: time.Now()}
	_, err := w.Certificates().Account(w.system, a.Directory)
	w.fails(err, core.ENOTFOUND)
	w.ok(w.Certificates().CreateAccount(w.system, a))
	check(w, a)(w.Certificates().Account(w.system, a.Directory))
	w.fails(w.Certificates().CreateAccount(w.system, a), core.ECONFLICT)
}

// domainActs are the ways to a domain and its certificate that must not exist for others.
func (w *world) domainActs(d core.Domain, c core.Certificate) map[string]act {
	return map[string]act{
		"get domain":           func(ctx context.Context) error { _, err := w.Domains().Get(ctx, d.AppID, d.Name); return err },
		"add domain":           func(ctx context.Context) error { return w.Domains().Create(ctx, d) },
		"update domain":        func(ctx context.Context) error { return w.Domains().UpdateSpec(ctx, d) },
		"update domain status": func(ctx context.Context) error { return w.Domains().UpdateStatus(ctx, d) },
		"delete domain":        func(ctx context.Context) error { return w.Domains().Delete(ctx, d.AppID, d.Name) },
		"get certificate":      func(ctx context.Context) error { _, err := w.Certificates().Get(ctx, d.AppID, d.Name); return err },
		"put certificate":      func(ctx context.Context) error { return w.Certificates().Put(ctx, c) },
		"ask for certificate":  func(ctx context.Context) error { return w.Certificates().Ask(ctx, d.AppID, d.Name, time.Now()) },
		"get certificate key":  func(ctx context.Context) error { _, err := w.Certificates().Key(ctx, c.ID); return err },
	}
}
