package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/e2e/testenv"
	"berth/worker/certificate"
	"berth/worker/discovery"
	"berth/worker/domain"
	"berth/worker/gateway"
	"berth/worker/registry/memory"
	"berth/worker/resolve"
)

const base = "apps.berth.test"

var quiet = slog.New(slog.DiscardHandler)

// house is everything between a customer's domain and a visitor's browser, but the program that joins it.
type house struct {
	*testing.T
	core.Store
	ctx          context.Context
	zone         *testenv.Zone
	registry     *memory.Registry
	domains      *domain.Loop
	certificates *certificate.Loop
	discovery    *discovery.Discovery
	gateway      *gateway.Gateway
	authority    *certificate.Authority
	pebble       *testenv.Pebble
	ahead        atomic.Int64 // of the clock, nanoseconds
	sealer       core.Sealer
}

func (h *house) now() time.Time { return time.Now().Add(time.Duration(h.ahead.Load())) }

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{T: t, ctx: core.WithActor(t.Context(), core.System()), zone: testenv.StartZone(t), registry: memory.New()}
	o := store.Options{Dir: t.TempDir(), Key: bytes.Repeat([]byte{1}, 32)}
	must(t, store.Migrate(h.ctx, o))
	st, err := store.Open(h.ctx, o)
	must(t, err)
	t.Cleanup(func() { st.Close() })
	h.Store = st
	must(t, st.Tenants().Create(h.ctx, core.Tenant{ID: "acme", Name: "Acme", CreatedAt: time.Now()}))
	must(t, st.Apps().Create(h.ctx, core.App{ID: "tea-shop", TenantID: "acme", Name: "Tea shop", State: core.AppNew, CreatedAt: time.Now()}))
	sealer, err := core.NewSealer(bytes.Repeat([]byte{2}, 32))
	must(t, err)
	h.sealer = sealer
	h.runGateway(h.registry)
	h.authority = h.newAuthority()
	h.discovery = discovery.New(discovery.Options{Store: st, Registry: h.registry, BaseDomain: base, Log: quiet})
	h.certificates = certificate.New(certificate.Options{Store: st, Registry: h.registry, Sealer: sealer, Authority: h.authority, BaseDomain: base, Now: h.now, Log: quiet})
	h.domains = domain.New(domain.Options{Store: st, Resolver: resolve.New(h.zone.Address), BaseDomain: base, Now: h.now, Log: quiet})
	return h
}

func (h *house) runGateway(registry gateway.Registry) {
	h.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	must(h, err)
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	must(h, err)
	h.gateway = gateway.New(gateway.Options{Registry: registry, Listener: plain, Secure: secure, Sealer: h.sealer})
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { h.gateway.Run(ctx) })
	h.Cleanup(func() { cancel(); done.Wait() })
	h.eventually("the gateway is ready", func() bool { return h.gateway.Ready() && h.gateway.SecureAddr() != nil })
}

// newAuthority is a certificate authority that validates through the zone at the gateway's own port.
func (h *house) newAuthority() *certificate.Authority {
	h.Helper()
	_, port, err := net.SplitHostPort(h.gateway.Addr().String())
	must(h, err)
	n, err := strconv.Atoi(port)
	must(h, err)
	h.pebble = testenv.StartPebble(h, h.zone, n)
	return &certificate.Authority{Directory: h.pebble.Directory, Roots: h.pebble.Trusted, Email: "operator@example.com"}
}

func (h *house) eventually(what string, ok func() bool) {
	h.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("it did not come true that %s", what)
		}
	}
}

func (h *house) claim(name string) core.Domain {
	h.Helper()
	now := h.now()
	d := core.Domain{Name: name, AppID: "tea-shop", TenantID: "acme", HTTPS: true, Certificate: core.CertificateAutomatic,
		Challenge: core.NewChallenge(), CreatedAt: now, NextCheck: now}
	must(h, h.Domains().Create(h.ctx, d))
	must(h, h.Certificates().Put(h.ctx, core.Certificate{ID: core.NewID(), AppID: d.AppID, Domain: name, Kind: d.Certificate, NextTry: now, CreatedAt: now}))
	return d
}

// verified has a domain's record set and found.
func (h *house) verified(name string) core.Domain {
	h.Helper()
	d := h.claim(name)
	h.zone.Set(func() { h.zone.TXT[d.TXTName()] = d.Challenge })
	return h.checked(d)
}

func (h *house) checked(d core.Domain) core.Domain {
	h.Helper()
	must(h, h.domains.Check(h.ctx, d.AppID, d.Name))
	d, err := h.Domains().Get(h.ctx, d.AppID, d.Name)
	must(h, err)
	return d
}

func (h *house) certificate(d core.Domain) core.Certificate {
	h.Helper()
	c, err := h.Certificates().Get(h.ctx, d.AppID, d.Name)
	must(h, err)
	return c
}

// handshake returns what the gateway presents for a name, checked against the authority.
func (h *house) handshake(name string) (*x509.Certificate, error) {
	c, err := tls.Dial("tcp", h.gateway.SecureAddr().String(), &tls.Config{ServerName: name, RootCAs: h.pebble.Roots, Time: h.now})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ConnectionState().PeerCertificates[0], nil
}

func (h *house) events() (kinds []string) {
	h.Helper()
	events, err := h.Events().List(h.ctx, core.EventFilter{AppID: "tea-shop"})
	must(h, err)
	for _, e := range events {
		kinds = append([]string{e.Kind}, kinds...)
	}
	return kinds
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
