package certificate_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/views/i18n"
	"berth/worker/certificate"
	"berth/worker/discovery"
	"berth/worker/domain"
	"berth/worker/registry/memory"
	"berth/worker/registry/snapshot"
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

// TestCAAIsSaid: a record of the domain that forbids the authority is named, with what to do, and once it allows it the
// certificate is had by itself.
func TestCAAIsSaid(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	h.pebble.CAA.Store(true)
	must(t, h.certificates.Look(h.ctx))
	c := h.certificate(d)
	messages, err := i18n.Load()
	must(t, err)
	for language, want := range map[string][]string{
		"en":      {"The CAA record of www.shop.test does not allow 127.0.0.1", "Add a CAA record for it at your provider", "prevents issuance"},
		"zh-Hans": {"CAA", "www.shop.test", "127.0.0.1", "prevents issuance"},
	} {
		said := messages.Localizer(language).Text(c.Error)
		for _, part := range want {
			if !strings.Contains(said, part) {
				t.Errorf("%s: %q says nothing of %q", language, said, part)
			}
		}
	}
	h.pebble.CAA.Store(false)
	h.ahead.Add(int64(15 * time.Minute))
	must(t, h.certificates.Look(h.ctx))
	if c = h.certificate(d); c.Chain == "" || !c.Error.IsZero() || c.Tries != 0 {
		t.Errorf("%+v", c)
	}
	if got, want := h.events(), []string{"domain_verified", "certificate_failed", "certificate_issued"}; !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
}

// upload has a domain present a certificate of an authority of the test's own, which the visitors trust too.
func (h *house) upload(d core.Domain, from, to time.Time) core.Certificate {
	h.Helper()
	authority := testenv.NewAuthority(h, "CA", nil)
	chain, key := authority.Issue(h, from, to, d.Name)
	c, err := core.ReadCertificate(chain, key, d.Name, h.now())
	must(h, err)
	h.pebble.Roots.AppendCertsFromPEM([]byte(authority.PEM))
	c.ID, c.AppID, c.Domain, c.Kind, c.UpdatedAt = core.NewID(), d.AppID, d.Name, core.CertificateUploaded, h.now()
	must(h, h.Certificates().Put(h.ctx, c))
	return h.certificate(d)
}

// TestUploadedUntilIssued: an uploaded certificate is presented while the authority refuses, and replaced in one step.
func TestUploadedUntilIssued(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	up := h.upload(d, h.now().Add(-time.Hour), h.now().Add(60*24*time.Hour))
	must(t, h.certificates.Look(h.ctx))
	uploaded, err := h.handshake(d.Name)
	must(t, err)
	if h.pebble.Requests.Load() != 0 {
		t.Error("an authority was asked for what was uploaded")
	}

	h.pebble.CAA.Store(true)
	must(t, h.Certificates().Ask(h.ctx, d.AppID, d.Name, h.now()))
	must(t, h.certificates.Look(h.ctx))
	if leaf, err := h.handshake(d.Name); err != nil || !leaf.Equal(uploaded) {
		t.Fatalf("after a refusal: %v", err)
	}
	if c := h.certificate(d); c.Error.Key != "certificate.caa" || c.Chain != up.Chain || c.Kind != core.CertificateUploaded {
		t.Errorf("%+v", c)
	}
	h.pebble.CAA.Store(false)
	h.ahead.Add(int64(15 * time.Minute))
	must(t, h.certificates.Look(h.ctx))
	if leaf, err := h.handshake(d.Name); err != nil || leaf.Equal(uploaded) {
		t.Fatalf("after it was issued: %v", err)
	}
	if c := h.certificate(d); c.Kind != core.CertificateAutomatic || !c.Error.IsZero() || c.ID != up.ID {
		t.Errorf("%+v", c)
	}
	if got, want := h.events(), []string{"domain_verified", "certificate_failed", "certificate_issued"}; !slices.Equal(got, want) {
		t.Errorf("events: %v, want %v", got, want)
	}
}

// TestEndIsSaid: people are told once that a certificate ends, of an uploaded one 14 days before, and again of the next.
func TestEndIsSaid(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	ends := h.now().Add(30 * 24 * time.Hour)
	h.upload(d, h.now().Add(-time.Hour), ends)
	ending := func(want int) {
		t.Helper()
		for range 2 {
			must(t, h.certificates.Look(h.ctx))
		}
		n := 0
		for _, kind := range h.events() {
			if kind == "certificate_ending" {
				n++
			}
		}
		if n != want {
			t.Errorf("people were told %d times, want %d", n, want)
		}
	}
	ending(0)
	h.ahead.Store(int64(16*24*time.Hour - time.Minute))
	ending(0)
	h.ahead.Add(int64(2 * time.Minute))
	ending(1)
	events, err := h.Events().List(h.ctx, core.EventFilter{AppID: d.AppID, Limit: 1})
	must(t, err)
	if e := events[0]; e.Level != core.LevelWarning || e.Text.Args["domain"] != d.Name || e.Text.Args["date"] != ends.UTC().Format("2006-01-02") {
		t.Errorf("%+v", e)
	}
	h.ahead.Store(int64(31 * 24 * time.Hour))
	ending(1)
	h.upload(d, h.now().Add(-time.Hour), h.now().Add(10*24*time.Hour))
	ending(2)
}

// TestAutomaticEndIsSaid: of one that is renewed by itself people are told only when that fails for long.
func TestAutomaticEndIsSaid(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	must(t, h.certificates.Look(h.ctx))
	c := h.certificate(d)
	c.NotBefore, c.NotAfter = h.now(), h.now().Add(40*24*time.Hour)
	h.pebble.CAA.Store(true)
	c.NextTry = h.now()
	must(t, h.Certificates().Put(h.ctx, c))
	h.ahead.Store(int64(29 * 24 * time.Hour)) // within 14 days, and not within a quarter of its life
	must(t, h.certificates.Look(h.ctx))
	if got := h.events(); slices.Contains(got, "certificate_ending") {
		t.Errorf("events: %v", got)
	}
	h.ahead.Store(int64(31 * 24 * time.Hour))
	must(t, h.certificates.Look(h.ctx))
	events, err := h.Events().List(h.ctx, core.EventFilter{AppID: d.AppID, Limit: 10})
	must(t, err)
	i := slices.IndexFunc(events, func(e core.Event) bool { return e.Kind == "certificate_ending" })
	if i < 0 || events[i].Cause.Key != "certificate.caa" {
		t.Errorf("%+v", events)
	}
}

// TestARestartPresentsWithoutAGap: a program that begins anew with an empty registry of its own presents what it had, from
// its snapshot, until all that is to be published has been.
func TestARestartPresentsWithoutAGap(t *testing.T) {
	h := newHouse(t)
	d := h.verified("www.shop.test")
	h.upload(d, h.now().Add(-time.Hour), h.now().Add(60*24*time.Hour))
	must(t, h.discovery.Sync(h.ctx))
	must(t, h.certificates.Look(h.ctx))
	path := filepath.Join(t.TempDir(), "snapshot")
	before := snapshot.Keep(h.registry, snapshot.Options{Path: path, Log: quiet})
	h.watch(before)
	h.eventually("the snapshot is there", func() bool { return !before.State().Saved.IsZero() })

	anew := memory.NewUnfilled(core.RegistryRoutes, core.RegistryCertificates)
	after := snapshot.Keep(anew, snapshot.Options{Path: path, Wait: 10 * time.Millisecond, Log: quiet})
	h.runGateway(after)
	stop := h.visit(d.Name)
	published := discovery.New(discovery.Options{Store: h.Store, Registry: anew, BaseDomain: base, Log: quiet})
	must(t, published.Sync(h.ctx))
	for range 20 {
		if _, err := h.handshake(d.Name); err != nil {
			t.Fatal(err)
		}
	}
	if !after.State().Loaded {
		t.Error("the snapshot is dropped before certificates have been published")
	}
	loop := certificate.New(certificate.Options{Store: h.Store, Registry: anew, Sealer: h.sealer, Now: h.now, Log: quiet})
	must(t, loop.Look(h.ctx))
	h.eventually("the registry is in force", func() bool { return !after.State().Loaded })
	if _, err := h.handshake(d.Name); err != nil {
		t.Fatal(err)
	}
	stop()
}

// watch reads a registry until the test ends.
func (h *house) watch(r core.Registry) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { r.Watch(ctx, func(core.RegistryChange) {}) })
	h.Cleanup(func() { cancel(); done.Wait() })
}

// visit makes handshakes for a name, one after the other, until the function is called, which checks that none failed.
func (h *house) visit(name string) (stop func()) {
	var ended atomic.Bool
	var done sync.WaitGroup
	visits := 0
	done.Go(func() {
		for ; !ended.Load() || visits == 0; visits++ {
			if _, err := h.handshake(name); err != nil {
				h.Errorf("visit %d: %v", visits, err)
				return
			}
		}
	})
	return func() { ended.Store(true); done.Wait() }
}
