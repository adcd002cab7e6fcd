package service

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// certified returns a world with a domain that is verified, and an authority.
func certified(t *testing.T, name string) (w *world, ctx context.Context, app core.App, authority *testenv.Authority) {
	t.Helper()
	w = newWorld(t)
	ctx = w.member("acme", core.RoleDeveloper)
	app = w.app(ctx, "acme", "Tea shop")
	d, err := w.AddDomain(ctx, app.ID, core.NewDomain{Name: name})
	w.must(err)
	d.Verified, d.Leads = true, core.LeadsHere
	w.must(w.store.Domains().UpdateStatus(w.operator(), d))
	return w, ctx, app, testenv.NewAuthority(t, "CA", nil)
}

func (w *world) issued(a *testenv.Authority, names ...string) (chain, key string) {
	w.t.Helper()
	return a.Issue(w.t, w.now().Add(-time.Hour), w.now().Add(60*24*time.Hour), names...)
}

// claim is what a worker would ask an authority for now.
func (w *world) claim() core.Certificate {
	w.t.Helper()
	c, err := w.store.Certificates().Claim(asSystem(context.Background()), w.now(), "a worker", time.Minute)
	w.must(err)
	return c
}

func TestUploadCertificate(t *testing.T) {
	w, ctx, app, authority := certified(t, "shop.example.com")
	chain, key := w.issued(authority, "shop.example.com")
	w.must(w.UploadCertificate(ctx, app.ID, "SHOP.example.com.", chain+authority.PEM, key))
	s, err := w.Domain(ctx, app.ID, "shop.example.com")
	w.must(err)
	c := s.Certificate
	if s.Domain.Certificate != core.CertificateUploaded || !s.Domain.Certified || c.Kind != core.CertificateUploaded || !c.NextTry.IsZero() ||
		c.Chain != chain+authority.PEM || c.Key != nil || c.Issuer != "Harbour Trust CA" || !slices.Equal(c.Names, []string{"shop.example.com"}) {
		t.Errorf("%+v", s)
	}
	if c := w.claim(); c.ID != "" {
		t.Errorf("an authority would be asked: %+v", c)
	}
	kept, err := w.store.Certificates().Key(asSystem(ctx), c.ID)
	if err != nil || string(kept) != key {
		t.Error("the key is not kept as it came", err)
	}
	if got := w.events(app.ID); got[0] != "certificate_uploaded" {
		t.Errorf("events: %v", got)
	}
	entries, _, err := w.store.Audit().List(w.operator(), core.AuditFilter{AppID: app.ID})
	w.must(err)
	if e := entries[0]; e.Action != "domain.certificate" || e.After["issuer"] != "Harbour Trust CA" || strings.Contains(strings.Join(valuesOf(e.After), ""), "KEY") {
		t.Errorf("audit: %+v", e)
	}

	w.refused(w.UploadCertificate(ctx, app.ID, "shop.example.com", "", ""), core.EINVALID, "chain", "key")
	w.refused(w.UploadCertificate(ctx, app.ID, "absent.example.com", chain, key), core.ENOTFOUND)
	w.refused(w.UploadCertificate(w.member("acme", core.RoleViewer), app.ID, "shop.example.com", chain, key), core.EFORBIDDEN)
	w.refused(w.UploadCertificate(w.member("bolt", core.RoleAdmin), app.ID, "shop.example.com", chain, key), core.ENOTFOUND)
	after, err := w.Domain(ctx, app.ID, "shop.example.com")
	w.must(err)
	if after.Certificate.ID != c.ID {
		t.Error("a refused upload changed what was there")
	}
}

func valuesOf(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// What was uploaded is presented until an automatic one has been issued; until then its people may return to it.
func TestUploadedToAutomatic(t *testing.T) {
	w, ctx, app, authority := certified(t, "shop.example.com")
	chain, key := w.issued(authority, "shop.example.com")
	w.must(w.UploadCertificate(ctx, app.ID, "shop.example.com", chain, key))
	change := func(kind core.CertificateKind) error {
		_, err := w.UpdateDomain(ctx, app.ID, "shop.example.com", core.NewDomain{Certificate: kind})
		return err
	}
	presented := func() core.Certificate {
		t.Helper()
		all, err := w.store.Certificates().Presented(asSystem(ctx))
		w.must(err)
		if len(all) != 1 {
			t.Fatalf("presented: %v", all)
		}
		return all[0]
	}
	w.must(change(core.CertificateAutomatic))
	if c := presented(); c.Chain != chain || c.Kind != core.CertificateUploaded {
		t.Errorf("presented: %+v", c)
	}
	claimed := w.claim()
	if claimed.Domain != "shop.example.com" {
		t.Fatalf("nobody would be asked: %+v", claimed)
	}

	w.must(change(core.CertificateUploaded))
	claimed.Kind = core.CertificateAutomatic
	if err := w.store.Certificates().Settle(asSystem(ctx), claimed, "a worker"); core.ErrorCode(err) != core.ENOTFOUND {
		t.Errorf("an order that was under way takes its place: %v", err)
	}
	w.clock.advance(time.Hour)
	if c := w.claim(); c.ID != "" || presented().Chain != chain {
		t.Errorf("an authority would be asked: %+v", c)
	}

	w.must(change(core.CertificateAutomatic))
	claimed = w.claim()
	claimed.Kind, claimed.Chain, claimed.NextTry = core.CertificateAutomatic, "another", w.now().Add(time.Hour)
	w.must(w.store.Certificates().Settle(asSystem(ctx), claimed, "a worker"))
	if presented().Chain != "another" {
		t.Error("what was issued is not presented")
	}
	w.refused(change(core.CertificateUploaded), core.EINVALID, "certificate") // there is none any more
	w.clock.advance(2 * time.Hour)
	if c := w.claim(); c.ID != claimed.ID {
		t.Errorf("a refused change ended its renewal: %+v", c)
	}
	w.must(change(core.CertificateNone))
	if all, err := w.store.Certificates().Presented(asSystem(ctx)); err != nil || len(all) != 0 {
		t.Errorf("presented: %v, %v", all, err)
	}
}

func TestBaseCertificate(t *testing.T) {
	w := newWorld(t)
	authority := testenv.NewAuthority(t, "CA", nil)
	chain, key := w.issued(authority, "*.localhost")
	other, otherKey := w.issued(authority, "www.localhost")
	w.refused(w.UploadBaseCertificate(w.member("acme", core.RoleAdmin), chain, key), core.EFORBIDDEN)
	w.refused(w.UploadBaseCertificate(w.operator(), other, otherKey), core.EINVALID, "chain")
	_, err := w.BaseCertificate(w.operator())
	w.refused(err, core.ENOTFOUND)
	w.must(w.UploadBaseCertificate(w.operator(), chain, key))
	c, err := w.BaseCertificate(w.operator())
	if err != nil || c.Chain != chain || c.Key != nil || c.Domain != "*.localhost" {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = w.BaseCertificate(w.member("acme", core.RoleAdmin))
	w.refused(err, core.EFORBIDDEN)
	w.refused(w.DeleteBaseCertificate(w.member("acme", core.RoleAdmin)), core.EFORBIDDEN)
	w.must(w.DeleteBaseCertificate(w.operator()))
	w.refused(w.DeleteBaseCertificate(w.operator()), core.ENOTFOUND)
}
