package registrytest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// Published is one of each kind that gateways read beside routes and addresses.
type Published struct {
	TCP         core.TCPRoute
	Certificate core.PublishedCertificate
	Challenge   core.Challenge
}

// Examples returns valid ones. The token begins as only base64url may.
func Examples() Published {
	return Published{
		core.TCPRoute{Port: 5432, ServerName: "db.example.com", AppID: "shop", TLS: core.TCPTerminate, Allow: []string{"10.0.0.0/8"}},
		core.PublishedCertificate{ID: "shop-1", Names: []string{"example.com", "*.example.com"}, Chain: "PEM",
			SealedKey: []byte{0, 1, 0xff}, NotAfter: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)},
		core.Challenge{Token: "-a_B9", KeyAuth: "-a_B9.thumb", Domain: "example.com"},
	}
}

// published is what a watch told of these kinds, by name.
type published struct {
	TCPRoutes    map[string]core.TCPRoute
	Certificates map[string]core.PublishedCertificate
	Challenges   map[string]core.Challenge
}

func (p *published) apply(c core.RegistryChange) {
	if p.TCPRoutes == nil {
		*p = published{map[string]core.TCPRoute{}, map[string]core.PublishedCertificate{}, map[string]core.Challenge{}}
	}
	take(p.TCPRoutes, core.TCPRoute.ID, c.TCPRoutes, c.RemovedTCPRoutes)
	take(p.Certificates, func(v core.PublishedCertificate) string { return v.ID }, c.Certificates, c.RemovedCertificates)
	take(p.Challenges, func(v core.Challenge) string { return v.Token }, c.Challenges, c.RemovedChallenges)
}

func take[T any](all map[string]T, name func(T) string, changed []T, removed []string) {
	for _, v := range changed {
		all[name(v)] = v
	}
	for _, n := range removed {
		delete(all, n)
	}
}

// Published returns what is in force beside routes and addresses.
func (v *View) Published() published {
	v.mu.Lock()
	defer v.mu.Unlock()
	return published{maps.Clone(v.rest.TCPRoutes), maps.Clone(v.rest.Certificates), maps.Clone(v.rest.Challenges)}
}

// WaitPublished waits until exactly p is in force.
func (v *View) WaitPublished(p Published) {
	v.t.Helper()
	want := published{map[string]core.TCPRoute{p.TCP.ID(): p.TCP},
		map[string]core.PublishedCertificate{p.Certificate.ID: p.Certificate},
		map[string]core.Challenge{p.Challenge.Token: p.Challenge}}
	v.Wait("what is published", func() bool { return reflect.DeepEqual(v.Published(), want) })
}

func (p Parts) publish(t *testing.T, all Published) {
	t.Helper()
	Must(t, p.Writer.PutTCPRoute(t.Context(), all.TCP))
	Must(t, p.Writer.PutCertificate(t.Context(), all.Certificate))
	Must(t, p.Writer.PutChallenge(t.Context(), all.Challenge))
}

func (p Parts) unpublish(t *testing.T, all Published) {
	t.Helper()
	Must(t, p.Writer.DeleteTCPRoute(t.Context(), all.TCP.ID()))
	Must(t, p.Writer.DeleteCertificate(t.Context(), all.Certificate.ID))
	Must(t, p.Writer.DeleteChallenge(t.Context(), all.Challenge.Token))
}

func (p Parts) wantPublished(t *testing.T, tcp []core.TCPRoute, certs []core.PublishedCertificate, challenges []core.Challenge) {
	t.Helper()
	gotTCP, err := p.Reader.TCPRoutes(t.Context())
	Must(t, err)
	gotCerts, err := p.Reader.Certificates(t.Context())
	Must(t, err)
	gotChallenges, err := p.Reader.Challenges(t.Context())
	Must(t, err)
	same := reflect.DeepEqual
	if !same(gotTCP, tcp) || !same(gotCerts, certs) || !same(gotChallenges, challenges) {
		t.Errorf("published %v %v %v, want %v %v %v", gotTCP, gotCerts, gotChallenges, tcp, certs, challenges)
	}
}

func publishedComesAndGoes(t *testing.T, p Parts) {
	a := Examples()
	other := core.TCPRoute{Port: 5432, AppID: "tea"}
	Must(t, p.Writer.PutTCPRoute(t.Context(), other))
	for range 2 {
		p.publish(t, a)
	}
	p.wantPublished(t, []core.TCPRoute{other, a.TCP}, []core.PublishedCertificate{a.Certificate}, []core.Challenge{a.Challenge})
	a.Certificate.Chain, a.TCP.Deny = "renewed", []string{"10.1.0.0/16"}
	p.publish(t, a)
	p.wantPublished(t, []core.TCPRoute{other, a.TCP}, []core.PublishedCertificate{a.Certificate}, []core.Challenge{a.Challenge})
	for range 2 {
		p.unpublish(t, a)
	}
	p.wantPublished(t, []core.TCPRoute{other}, []core.PublishedCertificate{}, []core.Challenge{})
}

func publishedIsWatched(t *testing.T, p Parts) {
	a := Examples()
	p.publish(t, a)
	v := Watch(t, p.Reader)
	v.WaitPublished(a)
	a.Certificate.Chain, a.TCP.Proxy, a.Challenge.KeyAuth = "renewed", true, "-a_B9.other"
	p.publish(t, a)
	v.WaitPublished(a)
	p.unpublish(t, a)
	v.Wait("nothing", func() bool {
		all := v.Published()
		return len(all.TCPRoutes)+len(all.Certificates)+len(all.Challenges) == 0
	})
	p.publish(t, a)
	v.WaitPublished(a)
	if v.Resets() != 1 {
		t.Errorf("everything came %d times; changes are to come one by one", v.Resets())
	}
}

func publishedIsChecked(t *testing.T, p Parts) {
	ctx := t.Context()
	for n, broken := range []func(*Published){
		func(p *Published) { p.TCP.Port, p.Certificate.ID, p.Challenge.Token = 0, "../route", "../route" },
		func(p *Published) { p.TCP.ServerName, p.Certificate.ID, p.Challenge.Token = "a/b", "", "" },
		func(p *Published) { p.TCP.AppID, p.Certificate.Names, p.Challenge.Domain = "..", nil, "a/b" },
		func(p *Published) {
			p.TCP.TLS, p.Certificate.SealedKey, p.Challenge.Token = "odd", nil, strings.Repeat("a", 129)
		},
	} {
		a := Examples()
		broken(&a)
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			wantInvalid(t, p.Writer.PutTCPRoute(ctx, a.TCP))
			wantInvalid(t, p.Writer.PutCertificate(ctx, a.Certificate))
			wantInvalid(t, p.Writer.PutChallenge(ctx, a.Challenge))
		})
	}
	p.wantPublished(t, []core.TCPRoute{}, []core.PublishedCertificate{}, []core.Challenge{})
}

func wildcardsAreRoutes(t *testing.T, p Parts) {
	ctx := t.Context()
	r := Route("*.example.com", "shop", map[string]int{"1.0": 100})
	v := Watch(t, p.Reader)
	Must(t, p.Writer.PutRoute(ctx, r))
	v.WaitRoute(r)
	wantRoutes(t, p.Writer, r)
	Must(t, p.Writer.DeleteRoute(ctx, r.Domain))
	v.WaitNoRoute(r.Domain)
}

func rulesAreKept(t *testing.T, p Parts) {
	ctx := t.Context()
	r := Route("shop.localhost", "shop", map[string]int{"1.0": 100})
	r.Rules, r.HTTPS, r.Redirect = &core.Rules{Deny: []string{"10.0.0.0/8"}, Compress: true}, true, "www.example.com"
	v := Watch(t, p.Reader)
	Must(t, p.Writer.PutRoute(ctx, r))
	v.WaitRoute(r)
	changed := r
	changed.Rules = &core.Rules{Deny: []string{"10.0.0.0/8", "fd00::/8"}}
	Must(t, p.Writer.PutRoute(ctx, changed))
	v.WaitRoute(changed)
	r.Rules.Deny[0] = "0.0.0.0/0" // the caller's own
	if all, err := p.Writer.Routes(ctx); err != nil || !slices.EqualFunc(all, []core.Route{changed}, sameRoute) {
		t.Errorf("routes %v, %v", all, err)
	}
}
