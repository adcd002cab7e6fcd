package certificate_test

import (
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/worker/domain"
)

// TestFromNameToPadlock: a name is claimed, its record is found, an authority is asked, and visitors come by HTTPS; at
// two thirds of its life the certificate is renewed.
func TestFromNameToPadlock(t *testing.T) {
	h := newHouse(t)
	d := h.claim("www.shop.test")
	must(t, h.certificates.Look(h.ctx))
	if d = h.checked(d); d.Verified || d.Problem.Key != "domain.no_proof" {
		t.Fatalf("without a record: %+v", d)
	}
	must(t, h.certificates.Look(h.ctx))
	if n := h.pebble.Requests.Load(); n != 0 {
		t.Fatalf("the authority got %d requests about a name that is not verified", n)
	}

	h.zone.Set(func() { h.zone.TXT["_berth.www.shop.test"] = d.Challenge })
	if d = h.checked(d); !d.Verified || d.Leads != core.LeadsHere || !d.Problem.IsZero() {
		t.Fatalf("with its record: %+v", d)
	}
	must(t, h.certificates.Look(h.ctx))
	first := h.certificate(d)
	if first.Chain == "" || !first.Error.IsZero() || !slices.Equal(first.Names, []string{"www.shop.test"}) {
		t.Fatalf("%+v", first)
	}
	if want := first.NotBefore.Add(first.NotAfter.Sub(first.NotBefore) * 2 / 3); first.NextTry.Sub(want).Abs() > time.Minute {
		t.Errorf("to be renewed at %v, want %v", first.NextTry, want)
	}
	must(t, h.discovery.SyncApp(h.ctx, d.AppID))
	leaf, err := h.handshake("www.shop.test")
	must(t, err)

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: h.pebble.Roots, ServerName: "www.shop.test"}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for address, want := range map[string]int{"https://" + h.gateway.SecureAddr().String(): 503, "http://" + h.gateway.Addr().String(): 308} {
		req, err := http.NewRequest("GET", address+"/x", nil)
		must(t, err)
		req.Host = "www.shop.test"
		res, err := client.Do(req)
		must(t, err)
		res.Body.Close()
		if res.StatusCode/100 != want/100 {
			t.Errorf("%s answers %d, want one like %d", address, res.StatusCode, want)
		}
	}
	if challenges, err := h.registry.Challenges(h.ctx); err != nil || len(challenges) != 0 {
		t.Errorf("left behind: %v, %v", challenges, err)
	}

	asked := h.pebble.Requests.Load()
	h.ahead.Store(int64(time.Hour)) // F11: a clock that jumps by an hour
	must(t, h.certificates.Look(h.ctx))
	if h.pebble.Requests.Load() != asked {
		t.Error("asked again for nothing")
	}
	h.ahead.Store(int64(time.Until(first.NextTry) + time.Minute))
	must(t, h.certificates.Look(h.ctx))
	second, err := h.handshake("www.shop.test")
	must(t, err)
	if second.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
		t.Error("it was not renewed")
	}
	if got, want := h.events(), []string{"domain_verified", "certificate_issued", "certificate_renewed"}; !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
	must(t, h.Domains().Delete(h.ctx, d.AppID, d.Name))
	must(t, h.certificates.Look(h.ctx))
	if _, err := h.handshake("www.shop.test"); err == nil {
		t.Error("it is still presented")
	}
}

// TestOneRecordForBoth: the CNAME of a claim shows whose a name is; the plain one to the app's address does not.
func TestOneRecordForBoth(t *testing.T) {
	h := newHouse(t)
	d := h.claim("tea.shop.test")
	h.zone.Set(func() { h.zone.CNAME[d.Name] = "tea-shop." + base })
	if d = h.checked(d); d.Verified || d.Problem.Key != "domain.no_proof_cname" {
		t.Fatalf("by the app's address: %+v", d)
	}
	h.zone.Set(func() { h.zone.CNAME[d.Name] = d.Target(base) })
	if d = h.checked(d); !d.Verified {
		t.Fatalf("by its own: %+v", d)
	}
}

// TestRecordGone: a verified domain goes on serving for a while, is warned of, and is free afterwards. Silence of the
// DNS is no reason to take it away.
func TestRecordGone(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	h.zone.Set(func() { h.zone.Silent = true })
	h.ahead.Store(int64(10 * 24 * time.Hour))
	if d = h.checked(d); !d.Verified || d.Problem.Key != "domain.dns_silent" {
		t.Fatalf("in silence: %+v", d)
	}
	h.zone.Set(func() { h.zone.Silent, h.zone.TXT = false, map[string]string{} })
	if d = h.checked(d); !d.Verified || d.LostAt.IsZero() || d.Problem.Key != "domain.lost" {
		t.Fatalf("just gone: %+v", d)
	}
	h.ahead.Add(int64(domain.Grace - time.Hour))
	if d = h.checked(d); !d.Verified {
		t.Fatalf("within the grace: %+v", d)
	}
	h.ahead.Add(int64(2 * time.Hour))
	if d = h.checked(d); d.Verified {
		t.Fatalf("after the grace: %+v", d)
	}
	if got, want := h.events(), []string{"domain_verified", "domain_lost", "domain_unverified"}; !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
	must(t, h.discovery.SyncApp(h.ctx, d.AppID))
	routes, err := h.registry.Routes(h.ctx)
	must(t, err)
	if len(routes) != 1 || routes[0].Domain != "tea-shop."+base {
		t.Errorf("published: %v", routes)
	}
}

// TestHeldByAnother: who shows a name first has it, and another's record does not take it away.
func TestHeldByAnother(t *testing.T) {
	h := newHouse(t)
	h.verified("www.shop.test")
	must(t, h.Tenants().Create(h.ctx, core.Tenant{ID: "bolt", Name: "Bolt", CreatedAt: time.Now()}))
	must(t, h.Apps().Create(h.ctx, core.App{ID: "other", TenantID: "bolt", Name: "Other", State: core.AppNew, CreatedAt: time.Now()}))
	d := h.verifiedElsewhere("early.shop.test")
	if !d.Problem.IsZero() && d.Problem.Key != "domain.held" || d.Verified {
		t.Fatalf("%+v", d)
	}
}

// verifiedElsewhere has two apps claim a name and both set their record; it returns what became of the second.
func (h *house) verifiedElsewhere(name string) core.Domain {
	h.Helper()
	second := core.Domain{Name: name, AppID: "other", TenantID: "bolt", Certificate: core.CertificateNone, Challenge: core.NewChallenge(),
		CreatedAt: h.now(), NextCheck: h.now()}
	must(h, h.Domains().Create(h.ctx, second))
	h.verified(name)
	h.zone.Set(func() { h.zone.TXT[second.TXTName()] = second.Challenge })
	return h.checked(second)
}

// TestWhatGoesWrongIsSaid: an authority that cannot reach the name, and one that cannot be reached.
func TestWhatGoesWrongIsSaid(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	h.zone.Set(func() { h.zone.Nowhere[d.Name] = true }) // since it was looked at last
	before := h.now()
	must(t, h.certificates.Look(h.ctx))
	c := h.certificate(d)
	if c.Error.IsZero() || c.Tries != 1 || c.Chain != "" || !strings.HasPrefix(c.Error.Key, "certificate.") || c.Error.Key == "certificate.unreachable" {
		t.Fatalf("%+v", c)
	}
	if wait := c.NextTry.Sub(before); wait < 9*time.Minute || wait > 11*time.Minute {
		t.Errorf("next try in %v", wait)
	}
	asked := h.pebble.Requests.Load()
	must(t, h.certificates.Look(h.ctx))
	if h.pebble.Requests.Load() != asked {
		t.Error("it was asked again at once")
	}
	h.authority.Directory = "https://127.0.0.1:1/dir"
	h.ahead.Store(int64(15 * time.Minute))
	must(t, h.certificates.Look(h.ctx))
	if c = h.certificate(d); c.Error.Key != "certificate.unreachable" || c.Tries != 2 {
		t.Fatalf("%+v", c)
	}
	if wait := c.NextTry.Sub(h.now()); wait < 19*time.Minute || wait > 21*time.Minute {
		t.Errorf("next try in %v", wait)
	}
	if d = h.checked(d); d.Leads != core.LeadsNowhere || d.Problem.Key != "domain.leads_nowhere" {
		t.Fatalf("%+v", d)
	}
	h.ahead.Add(int64(24 * time.Hour))
	if got, err := h.Certificates().Claim(h.ctx, h.now(), "x", time.Minute); err != nil || got.ID != "" {
		t.Errorf("a name that leads nowhere would be asked for: %v, %v", got, err)
	}
}
