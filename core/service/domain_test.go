package service

import (
	"strings"
	"testing"

	"berth/core"
)

// TestDomainNames: rows 27 and 28 of bad input, and the names that are Berth's own.
func TestDomainNames(t *testing.T) {
	w := newWorld(t)
	w.baseDomain, w.portal = "apps.berth.example", parseURL("https://portal.berth.example:8443")
	ctx := w.member("acme", core.RoleDeveloper)
	app := w.app(ctx, "acme", "Tea shop")
	for _, name := range []string{"", "a_b.example.com", "-a.example.com", "a-.example.com", "a..b", ".example.com", strings.Repeat("a.", 124) + "bcdef.com",
		strings.Repeat("a", 64) + ".com", "example.com\r\nSet-Cookie: x", "example.com\r\n", "exam\x00ple.com", "*", "*.", "*.com", "*.*.example.com", "a.*.example.com", "a*.example.com",
		"192.0.2.7", "[2001:db8::1]", "2001:db8::1", "1.2.3", "localhost", "tea.localhost", "db.internal", "nas.local", "evil.com {", "evil.com; rm", "http://example.com",
		"example.com/path", "example.com:80", "xn--a.example.com", "com", "apps.berth.example", "other.apps.berth.example", "*.apps.berth.example", "*.berth.example",
		"portal.berth.example", "PORTAL.berth.example."} {
		_, err := w.AddDomain(ctx, app.ID, core.NewDomain{Name: name})
		if core.ErrorCode(err) != core.EINVALID || !hasField(err, "domain") {
			t.Errorf("%q: %v", name, err)
		}
	}
	for typed, want := range map[string]string{"EXAMPLE.com.": "example.com", " www.Example.com ": "www.example.com", "Bücher.example": "xn--bcher-kva.example",
		"茶.example.cn": "xn--cl1a.example.cn", "*.shop.example.com": "*.shop.example.com", "xn--bcher-kva.example.org": "xn--bcher-kva.example.org"} {
		d, err := w.AddDomain(ctx, app.ID, core.NewDomain{Name: typed})
		if err != nil || d.Name != want {
			t.Errorf("%q: %q, %v", typed, d.Name, err)
		}
	}
	for _, again := range []string{"example.COM", "bücher.example", "XN--BCHER-KVA.example"} {
		_, err := w.AddDomain(ctx, app.ID, core.NewDomain{Name: again})
		w.refused(err, core.ECONFLICT, "domain")
	}
}

// TestDomainOfAnother: row 29: a name that another only claims may be claimed too, with a record of one's own; one
// that another has shown to be theirs may not.
func TestDomainOfAnother(t *testing.T) {
	w := newWorld(t)
	acme, bolt := w.member("acme", core.RoleDeveloper), w.member("bolt", core.RoleDeveloper)
	first, second := w.app(acme, "acme", "First"), w.app(bolt, "bolt", "Second")
	a, err := w.AddDomain(acme, first.ID, core.NewDomain{Name: "shop.example.com"})
	w.must(err)
	b, err := w.AddDomain(bolt, second.ID, core.NewDomain{Name: "shop.example.com"})
	w.must(err)
	if a.Challenge == b.Challenge || len(b.Challenge) != 24 {
		t.Errorf("challenges: %q, %q", a.Challenge, b.Challenge)
	}
	if a.Target("apps.example") == b.Target("apps.example") {
		t.Error("both are shown by one record")
	}
	w.must(w.DeleteDomain(bolt, second.ID, "shop.example.com", "shop.example.com"))
	a.Verified = true
	w.must(w.store.Domains().UpdateStatus(w.operator(), a))
	_, err = w.AddDomain(bolt, second.ID, core.NewDomain{Name: "shop.example.com"})
	w.refused(err, core.ECONFLICT, "domain")
	_, err = w.Domain(bolt, first.ID, "shop.example.com")
	w.refused(err, core.ENOTFOUND)
	w.refused(w.DeleteDomain(bolt, first.ID, "shop.example.com", "shop.example.com"), core.ENOTFOUND)
}

func TestDomainQuota(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("acme", core.RoleDeveloper)
	app := w.app(ctx, "acme", "Tea shop")
	tenant, err := w.store.Tenants().Get(w.operator(), "acme")
	w.must(err)
	tenant.Quota = core.Amounts{core.ResourceDomains: 1}
	w.must(w.store.Tenants().Update(w.operator(), tenant))
	_, err = w.AddDomain(ctx, app.ID, core.NewDomain{Name: "a.example.com"})
	w.must(err)
	_, err = w.AddDomain(ctx, app.ID, core.NewDomain{Name: "b.example.com"})
	w.refused(err, core.ECONFLICT)
	w.must(w.DeleteDomain(ctx, app.ID, "a.example.com", "A.example.com."))
	_, err = w.AddDomain(ctx, app.ID, core.NewDomain{Name: "b.example.com"})
	w.must(err)
	if sum, err := w.store.Usage().Sum(w.operator(), "acme"); err != nil || sum[core.ResourceDomains] != 1 {
		t.Errorf("uses %v, %v", sum, err)
	}
}

func TestDomainSettings(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("acme", core.RoleDeveloper)
	app := w.app(ctx, "acme", "Tea shop")
	for _, name := range []string{"example.com", "www.example.com", "*.example.com"} {
		_, err := w.AddDomain(ctx, app.ID, core.NewDomain{Name: name})
		w.must(err)
	}
	update := func(name string, in core.NewDomain) error {
		_, err := w.UpdateDomain(ctx, app.ID, name, in)
		return err
	}
	w.refused(update("example.com", core.NewDomain{Redirect: "other.example.com"}), core.EINVALID, "redirect")
	w.refused(update("example.com", core.NewDomain{Redirect: "example.com"}), core.EINVALID, "redirect")
	w.refused(update("example.com", core.NewDomain{Redirect: "*.example.com"}), core.EINVALID, "redirect")
	w.refused(update("example.com", core.NewDomain{Redirect: "evil.com\r\nx"}), core.EINVALID, "redirect")
	w.refused(update("example.com", core.NewDomain{Certificate: "free"}), core.EINVALID, "certificate")
	w.refused(update("*.example.com", core.NewDomain{Certificate: core.CertificateAutomatic}), core.EINVALID, "certificate")
	w.refused(update("example.com", core.NewDomain{Certificate: core.CertificateUploaded}), core.EINVALID, "certificate")
	w.must(update("example.com", core.NewDomain{Redirect: "WWW.example.com", HTTPS: true}))
	w.refused(update("www.example.com", core.NewDomain{Redirect: "example.com"}), core.EINVALID, "redirect")
	w.refused(w.DeleteDomain(ctx, app.ID, "www.example.com", "www.example.com"), core.ECONFLICT)
	w.refused(w.DeleteDomain(ctx, app.ID, "example.com", "www.example.com"), core.EINVALID, "name")
	s, err := w.Domain(ctx, app.ID, "example.com")
	w.must(err)
	if s.Domain.Redirect != "www.example.com" || !s.Domain.HTTPS || s.Certificate.Kind != core.CertificateAutomatic || s.Certificate.Key != nil {
		t.Errorf("%+v", s)
	}
	w.must(update("example.com", core.NewDomain{Certificate: core.CertificateNone}))
	if _, err := w.store.Certificates().Get(w.operator(), app.ID, "example.com"); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
	service := w.app(ctx, "acme", "Other")
	_, err = w.AddDomain(w.member("acme", core.RoleViewer), service.ID, core.NewDomain{Name: "x.example.com"})
	w.refused(err, core.EFORBIDDEN)
}
