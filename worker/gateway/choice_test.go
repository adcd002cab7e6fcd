package gateway

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

// visitor keeps cookies as a browser does.
type visitor struct {
	f       *fixture
	cookies map[string]string
	lines   []string // of the last answer
	header  string   // that is sent besides
}

func (v *visitor) ask() string {
	v.f.t.Helper()
	var pairs []string
	for name, value := range v.cookies {
		pairs = append(pairs, name+"="+value)
	}
	res, body := v.f.ask("GET / HTTP/1.1\r\nHost: app.test\r\nCookie: a=b; " + strings.Join(pairs, "; ") + "\r\n" + v.header + "\r\n")
	v.lines = res.Header["Set-Cookie"]
	for _, c := range res.Cookies() {
		if v.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.cookies, c.Name)
		}
	}
	return body
}

func (f *fixture) visitor() *visitor { return &visitor{f: f, cookies: map[string]string{}} }

// named publishes an instance that answers with a name.
func (f *fixture) named(version, name string) core.Address {
	return f.publish("app", version, server(f.t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) }))
}

func TestVisitorsStayWithAnInstance(t *testing.T) {
	f := start(t, Options{})
	for n := range 4 {
		f.named("1", fmt.Sprint("i", n))
	}
	f.rule(core.Rules{Affinity: true})
	reached := map[string]bool{}
	for range 20 {
		v := f.visitor()
		first := v.ask()
		if len(v.lines) != 1 || !strings.Contains(v.lines[0], "; Path=/; HttpOnly; SameSite=Lax") || strings.Contains(v.lines[0], "Secure") {
			t.Fatalf("cookies: %q", v.lines)
		}
		reached[first] = true
		for range 5 {
			if got := v.ask(); got != first || len(v.lines) != 0 {
				t.Fatalf("after %s comes %s, with %q", first, got, v.lines)
			}
		}
	}
	if len(reached) != 4 {
		t.Errorf("new visitors reach %d of 4 instances", len(reached))
	}
	v := f.visitor()
	first := v.ask()
	extra := f.named("1", "i4") // others come and go
	for range 5 {
		if got := v.ask(); got != first {
			t.Fatalf("after %s comes %s", first, got)
		}
	}
	f.withdraw(extra)
	for _, i := range f.gateway.table.app("app").instances.Load().all.list {
		if fmt.Sprintf("%016x", i.tag) == v.cookies["berth_i_"+fmt.Sprintf("%x", tagOf("app")>>32)] {
			f.withdraw(i.Address)
		}
	}
	second := v.ask()
	if second == first || len(v.lines) != 1 {
		t.Errorf("after %s, which is gone, comes %s with %q", first, second, v.lines)
	}
	for range 5 {
		if got := v.ask(); got != second {
			t.Errorf("after %s comes %s", second, got)
		}
	}
}

func (f *fixture) weigh(rules core.Rules, weights map[string]int) {
	f.t.Helper()
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: weights, Rules: &rules})
}

func TestVisitorsStayWithAVersion(t *testing.T) {
	f := start(t, Options{})
	f.named("1", "one")
	f.named("2", "two")
	f.named("2", "two")
	rules := core.Rules{StickyVersion: true}
	f.weigh(rules, map[string]int{"1": 80, "2": 20})
	var old, next *visitor
	got := map[string]int{}
	for range 100 {
		v := f.visitor()
		first := v.ask()
		got[first]++
		for range 3 {
			if again := v.ask(); again != first || len(v.lines) != 0 {
				t.Fatalf("after %s comes %s, with %q", first, again, v.lines)
			}
		}
		if old = v; first == "two" {
			next = v
		}
	}
	if got["one"] != 80 || got["two"] != 20 {
		t.Errorf("new visitors: %v", got)
	}
	for old.ask() != "one" {
		old = f.visitor()
	}
	f.weigh(rules, map[string]int{"1": 99, "2": 1})
	if next.ask() != "two" || old.ask() != "one" {
		t.Error("a visitor changes the version when weights change")
	}
	f.weigh(rules, map[string]int{"1": 100})
	if got := next.ask(); got != "one" || len(next.cookies) != 0 {
		t.Errorf("of a version without a weight comes %s, and %v is kept", got, next.cookies)
	}
	f.weigh(rules, map[string]int{"1": 0, "2": 100})
	if got := old.ask(); got != "two" {
		t.Errorf("of a version without a weight comes %s", got)
	}
}

func TestHeaderForcesAVersion(t *testing.T) {
	f := start(t, Options{})
	f.named("1", "one")
	f.named("2", "two")
	f.weigh(core.Rules{VersionHeader: "X-Version", StickyVersion: true, Affinity: true}, map[string]int{"1": 100, "2": 0})
	for value, want := range map[string]string{"2": "two", "1": "one", "3": "one", "": "one", "../2": "one", "2, 2": "one"} {
		v := f.visitor()
		v.header = "x-version: " + value + "\r\n"
		for range 4 {
			if got := v.ask(); got != want {
				t.Errorf("%q leads to %s, want %s", value, got, want)
			}
		}
		if value == "2" {
			if v.header = ""; v.ask() != "one" {
				t.Error("a version that was forced is kept")
			}
		}
	}
}

func TestCookiesThatSayNothing(t *testing.T) {
	f := start(t, Options{})
	f.named("1", "one")
	f.rule(core.Rules{Affinity: true, StickyVersion: true})
	name := "berth_i_" + fmt.Sprintf("%x", tagOf("app")>>32)
	for _, value := range []string{"", "zzzzzzzzzzzzzzzz", "0000000000000000", "ffffffffffffffff", repeat("a", 4000)} {
		v := f.visitor()
		v.cookies[name] = value
		if got := v.ask(); got != "one" || len(v.lines) != 1 {
			t.Errorf("%q: %s with %q", value, got, v.lines)
		}
	}
}

// Each version gets exactly its weight of new visitors, however many instances it has and whatever they do.
func TestWeightsHoldForNewVisitors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(1, 99).Draw(t, "weight")
		versions := []string{"1", "2"}
		for range rapid.IntRange(0, 6).Draw(t, "instances") {
			versions = append(versions, rapid.SampledFrom([]string{"1", "2"}).Draw(t, "version"))
		}
		a := appWith(versions...)
		balance := rapid.SampledFrom([]core.Balance{"", core.BalanceLeastRequests, core.BalanceLoad}).Draw(t, "balance")
		r := newRoute(core.Route{Weights: map[string]int{"1": first, "2": 100 - first}}, a)
		r.rules = &ruleset{choice: choice{balance: balance, sticky: "x"}}
		got := map[string]int{}
		for range 300 {
			if rapid.Bool().Draw(t, "stays") {
				r.choose(time0, nil, &wish{version: "1"}) // comes again, and is nobody's turn
			}
			got[r.choose(time0, nil, &wish{}).Version]++
		}
		if got["1"] != 3*first {
			t.Fatalf("%v for %d to %d", got, first, 100-first)
		}
	})
}
