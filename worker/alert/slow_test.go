package alert

import (
	"reflect"
	"testing"
	"time"

	"berth/core"
)

const day = 24 * time.Hour

// domain adds a verified domain to the app.
func (h *house) domain(name string) {
	h.t.Helper()
	d := core.Domain{Name: name, AppID: h.app.ID, TenantID: h.tenant, Certificate: core.CertificateAutomatic, Challenge: core.NewID(), CreatedAt: h.clock()}
	h.ok(h.store.Domains().Create(h.ctx, d))
	d.Verified, d.VerifiedAt = true, h.clock()
	h.ok(h.store.Domains().UpdateStatus(h.ctx, d))
}

// certificate puts one for a domain that lives for so long, of which so much is left.
func (h *house) certificate(domain string, life, left time.Duration) {
	h.t.Helper()
	end := h.clock().Add(left)
	h.ok(h.store.Certificates().Put(h.ctx, core.Certificate{ID: core.NewID(), AppID: h.app.ID, Domain: domain, Kind: core.CertificateAutomatic,
		Names: []string{domain}, Chain: "chain", NotBefore: end.Add(-life), NotAfter: end, CreatedAt: h.clock()}))
}

// A certificate is an alert when it ends within the days of the rule and within the last quarter of its life.
func TestACertificateThatEnds(t *testing.T) {
	h := newHouse(t)
	h.domain("long.example.com")
	h.domain("short.example.com")
	h.certificate("long.example.com", 90*day, 15*day) // in its last quarter, and that is more than the rule's days
	h.certificate("short.example.com", 6*day, 2*day)  // within the rule's days from its start, and not in its last quarter
	h.wait(5 * time.Minute)
	h.told()
	h.certificate("long.example.com", 90*day, 13*day)
	h.wait(3 * time.Minute)
	h.told("firing default-certificate")
	end := h.clock().Add(13*day - 3*time.Minute).UTC().Format(time.DateOnly)
	if m := h.receiver.messages[0].Alerts[0]; m.Subject != "long.example.com" || m.App != "shop" || m.Value != end || m.Severity != core.AlertWarning {
		t.Errorf("%+v, want the end %s", m, end)
	}
	h.certificate("short.example.com", 6*day, day)
	h.wait(3 * time.Minute)
	h.told("firing default-certificate", "firing default-certificate")
	if m := h.receiver.messages[1].Alerts[0]; m.Subject != "short.example.com" {
		t.Errorf("%+v", m)
	}
	h.certificate("long.example.com", 90*day, 90*day)
	h.wait(3 * time.Minute)
	h.told("firing default-certificate", "firing default-certificate", "resolved default-certificate")
	if m := h.receiver.messages[2].Alerts[0]; m.Subject != "long.example.com" {
		t.Errorf("%+v", m)
	}
	h.ok(h.store.Domains().Delete(h.ctx, h.app.ID, "short.example.com"))
	h.wait(3 * time.Minute)
	if told := h.receiver.told(); len(told) != 4 || told[3] != "resolved default-certificate" {
		t.Errorf("when its domain is gone: %v", told)
	}
}

// A certificate that could not be had is an alert after some tries, with why, and over when it is there.
func TestACertificateThatCannotBeHad(t *testing.T) {
	h := newHouse(t)
	h.domain("shop.example.com")
	tried := func(times int) {
		t.Helper()
		h.ok(h.store.Certificates().Put(h.ctx, core.Certificate{ID: core.NewID(), AppID: h.app.ID, Domain: "shop.example.com", Kind: core.CertificateAutomatic,
			Tries: times, Error: core.T("error.acme_refused"), CreatedAt: h.clock()}))
	}
	tried(vainTries - 1)
	h.wait(5 * time.Minute)
	h.told()
	tried(vainTries)
	h.wait(3 * time.Minute)
	h.told("firing default-certificate")
	if m := h.receiver.messages[0].Alerts[0]; m.Subject != "shop.example.com" || m.Cause != "error.acme_refused" || m.Value != "" {
		t.Errorf("%+v", m)
	}
	h.certificate("shop.example.com", 90*day, 90*day)
	h.wait(3 * time.Minute)
	h.told("firing default-certificate", "resolved default-certificate")
}

// A rule about certificates of one app looks at no other's.
func TestCertificatesOfOneApp(t *testing.T) {
	now := time.Now()
	w := &world{certificates: map[string][]core.Certificate{"tea": {
		{AppID: "shop", TenantID: "tea", Domain: "shop.example.com"}, {AppID: "blog", TenantID: "tea", Domain: "blog.example.com"}}}}
	all := findCertificates(w, core.AlertRule{ID: "r", TenantID: "tea", AppID: "blog", Kind: core.AlertCertificate, Threshold: 14}, now)
	if f := all[key{"tea", "r", "blog", "blog.example.com"}]; len(all) != 1 || !f.holds {
		t.Errorf("%+v", all)
	}
	if all := findCertificates(w, core.AlertRule{ID: "r", TenantID: "other", Kind: core.AlertCertificate, Threshold: 14}, now); len(all) > 0 {
		t.Errorf("of another tenant: %+v", all)
	}
}

// More than 90% of a quota is an alert after ten minutes, and over when less is used or more may be. What is not limited,
// or only a bound and nothing that is used, is none.
func TestAQuotaThatIsNearlyUsedUp(t *testing.T) {
	h := newHouse(t)
	tenant, err := h.store.Tenants().Get(h.ctx, h.tenant)
	h.ok(err)
	may := func(limits core.Amounts) {
		t.Helper()
		tenant.Quota = limits
		h.ok(h.store.Tenants().Update(h.ctx, tenant))
	}
	uses := func(memory int64) {
		t.Helper()
		_, err := h.store.Usage().Set(h.ctx, h.tenant, h.app.ID, core.Amounts{core.ResourceMemory: memory, core.ResourceInstances: 95}, nil)
		h.ok(err)
	}
	may(core.Amounts{core.ResourceMemory: 1000, core.ResourceCPU: 0, core.ResourceLogRate: 1})
	uses(900)
	h.wait(15 * time.Minute)
	h.told()
	uses(910)
	h.wait(9 * time.Minute)
	h.told()
	h.wait(3 * time.Minute)
	h.told("firing default-quota")
	if m := h.receiver.messages[0].Alerts[0]; m.Subject != string(core.ResourceMemory) || m.App != "" || m.Value != "91%" {
		t.Errorf("%+v", m)
	}
	may(core.Amounts{core.ResourceMemory: 2000, core.ResourceInstances: 100})
	h.wait(12 * time.Minute)
	h.told("firing default-quota", "resolved default-quota", "firing default-quota")
	if m := h.receiver.messages[2].Alerts[0]; m.Subject != string(core.ResourceInstances) || m.Value != "95%" {
		t.Errorf("%+v", m)
	}
	may(nil) // nothing is limited any more
	h.wait(2 * time.Minute)
	h.told("firing default-quota", "resolved default-quota", "firing default-quota", "resolved default-quota")
}

// What changes slowly is looked at each fourth time. A look between leaves what is pending and what fires as it is.
func TestTheLooksBetween(t *testing.T) {
	h := newHouse(t)
	h.domain("shop.example.com")
	h.certificate("shop.example.com", 90*day, day)
	look := func(state core.AlertState) core.Alert {
		t.Helper()
		h.wait(core.AlertEvery)
		list, err := h.store.Alerts().Open(h.ctx)
		h.ok(err)
		if len(list) != 1 || list[0].State != state {
			t.Fatalf("look %d: %+v", h.looks, list)
		}
		return list[0]
	}
	for round, state := range []core.AlertState{core.AlertPending, core.AlertFiring, core.AlertFiring} {
		seen := look(state)
		if !seen.SeenAt.Equal(h.clock()) {
			t.Errorf("round %d: last seen at %s, not at %s", round, seen.SeenAt, h.clock())
		}
		for range slowly - 1 {
			between := look(state)
			if !reflect.DeepEqual(between, seen) {
				t.Errorf("round %d: a look between made\n%+v of\n%+v", round, between, seen)
			}
		}
	}
	h.told("firing default-certificate")
}
