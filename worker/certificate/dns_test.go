package certificate_test

import (
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/certificate"
)

// wildcard has the base domain's name server take updates that are signed with a key.
func (h *house) wildcard(key string) {
	h.Helper()
	h.zone.Set(func() { h.zone.Name = "berth.test" })
	h.authority.DNS = &certificate.DNS{Server: h.zone.Address, KeyName: testenv.ZoneKeyName, Key: key}
}

func (h *house) base() core.Certificate {
	h.Helper()
	c, err := h.Certificates().Get(h.ctx, "", "")
	must(h, err)
	return c
}

// Every app under the base domain answers by HTTPS, once the name server takes updates; nothing is left behind there, and
// the certificate is renewed in time.
func TestTheWildcardOfTheBaseDomain(t *testing.T) {
	h := newHouse(t)
	h.wildcard(testenv.ZoneKey)
	must(t, h.certificates.Look(h.ctx))
	shown := func() string {
		leaf, err := h.handshake("tea-shop." + base)
		if err != nil {
			return ""
		}
		return leaf.SerialNumber.String()
	}
	h.eventually("the wildcard is presented", func() bool { return shown() != "" })
	first := shown()
	h.zone.Set(func() {
		if len(h.zone.TXT) != 0 || h.zone.Updates != 2 {
			t.Errorf("left after %d updates: %v", h.zone.Updates, h.zone.TXT)
		}
	})
	c := h.base()
	if c.Domain != "*."+base || c.Error.Key != "" {
		t.Errorf("%+v", c)
	}
	h.ahead.Store(int64(time.Until(c.RenewAt()) + time.Minute))
	must(t, h.certificates.Look(h.ctx))
	h.eventually("another is presented", func() bool { s := shown(); return s != "" && s != first })
}

// A key that the name server does not know is said, changes nothing, and is tried again.
func TestTheNameServerRefuses(t *testing.T) {
	h := newHouse(t)
	h.wildcard("bm90IHRoZSBrZXkgb2YgdGhlIHpvbmU=")
	must(t, h.certificates.Look(h.ctx))
	c := h.base()
	if c.Error.Key != "certificate.update" || c.Chain != "" || c.Tries != 1 || !c.NextTry.After(h.now()) {
		t.Errorf("%+v", c)
	}
	h.authority.DNS.Key = testenv.ZoneKey
	h.zone.Set(func() { h.zone.Name = "another.test" })
	h.ahead.Store(int64(time.Hour))
	must(t, h.certificates.Look(h.ctx))
	if c := h.base(); c.Error.Key != "certificate.update" || !strings.Contains(c.Error.Args["detail"], "no zone") {
		t.Errorf("%+v", c)
	}
}

// A certificate that was uploaded for the base domain stays.
func TestAnUploadedWildcardStays(t *testing.T) {
	h := newHouse(t)
	must(t, h.Certificates().Put(h.ctx, core.Certificate{ID: core.BaseCertificateID, Domain: "*." + base, Kind: core.CertificateUploaded, CreatedAt: h.now()}))
	h.wildcard(testenv.ZoneKey)
	must(t, h.certificates.Look(h.ctx))
	if c := h.base(); c.Kind != core.CertificateUploaded || h.pebble.Requests.Load() != 0 {
		t.Errorf("%+v, %d requests", c, h.pebble.Requests.Load())
	}
}
