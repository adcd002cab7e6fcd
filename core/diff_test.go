package core

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// said words differences as a test reads them: "memory 256 MB -> 512 MB", "env LOG_LEVEL added debug".
func said(list []Difference) string {
	lines := make([]string, len(list))
	for i, d := range list {
		words := []string{d.What, d.Name, string(d.Kind), d.Before, d.After}
		if d.Secret {
			words = append(words, "secret")
		}
		lines[i] = strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	}
	return strings.Join(lines, "\n")
}

func TestDiffSaysWhatChanged(t *testing.T) {
	one := func(label string) []Target { return []Target{{Label: label, Weight: 100}} }
	base := ReleaseSpec{Targets: one("1.4.0"), Replicas: 1, Memory: 256 * MiB, Port: 8080,
		Env: []EnvVar{{Name: "KEY", Value: "old", Secret: true}, {Name: "MODE", Value: "a"}}}
	change := func(f func(*ReleaseSpec)) ReleaseSpec {
		s := base
		s.Env = append([]EnvVar{}, base.Env...)
		f(&s)
		return s
	}
	for _, x := range []struct {
		name string
		to   ReleaseSpec
		want string
	}{
		{"nothing", change(func(*ReleaseSpec) {}), ""},
		{"as the page says it", change(func(s *ReleaseSpec) {
			s.Targets, s.Memory = one("1.5.0"), 512*MiB
			s.Env = append(s.Env, EnvVar{Name: "LOG_LEVEL", Value: "debug"})
		}), "version changed 1.4.0 1.5.0\nmemory changed 256 MB 512 MB\nenv LOG_LEVEL added debug"},
		{"a trial", change(func(s *ReleaseSpec) { s.Targets = []Target{{Label: "1.4.0", Weight: 90}, {Label: "1.5.0", Weight: 10}} }),
			"share 1.4.0 changed 100% 90%\nshare 1.5.0 changed 0% 10%"},
		{"the order of databases alone", change(func(s *ReleaseSpec) { s.Bindings = []string{"b", "a"} }), "bindings added b, a"},
		{"variables", change(func(s *ReleaseSpec) { s.Env = []EnvVar{{Name: "MODE", Value: "b"}} }),
			"env MODE changed a b\nenv KEY removed secret"},
		{"a limit goes", change(func(s *ReleaseSpec) { s.CPU = 500 }), "cpu changed 0 0.5"},
		{"health", change(func(s *ReleaseSpec) { s.Health = HealthCheck{Path: "/up", Grace: Duration(90 * time.Second)} }),
			"health.path added /up\nhealth.grace changed 1m0s 1m30s"},
		{"a way to release", change(func(s *ReleaseSpec) { s.Strategy = Strategy{Kind: StrategyRolling, Unavailable: "25%"} }),
			"strategy changed at_once rolling\nstrategy.unavailable added 25%"},
		{"the surge that is taken when nothing is said", change(func(s *ReleaseSpec) { s.Strategy = Strategy{Kind: StrategyRolling} }),
			"strategy changed at_once rolling\nstrategy.surge added 1"},
		{"a way back", change(func(s *ReleaseSpec) { s.Strategy = Strategy{Kind: StrategyBlueGreen, Auto: true} }),
			"strategy changed at_once blue_green\nstrategy.auto changed off on\nstrategy.keep added 10m0s"},
		{"another question", change(func(s *ReleaseSpec) {
			s.Health = HealthCheck{Kind: ProbeGRPC, Service: "shop.Cart", Policy: PolicyTell, Successes: 2, Alive: Probe{Kind: ProbeTCP}}
		}), "health.kind added grpc\nhealth.service added shop.Cart\nhealth.successes changed 1 2\nhealth.policy changed restart tell\nhealth.alive added tcp"},
		{"rules", change(func(s *ReleaseSpec) {
			s.Rules = Rules{Deny: []string{"192.0.2.7"}, Maintenance: Maintenance{On: true}, Balance: BalanceLoad, Protocol: ProtocolH2C,
				Auth: []BasicUser{{Name: "guest", Hash: "x"}}, Paths: []PathRule{{Prefix: "/api", AppID: "orders", Strip: true}},
				Redirects: []Redirect{{From: "/old", To: "/new", Status: 301}}, ResponseHeaders: []HeaderRule{{Name: "Server"}}}
		}), "rules.deny added 192.0.2.7\nrules.auth guest added secret\nrules.maintenance.on changed off on\nrules.response_headers Server added\n" +
			"rules.paths /api added orders /\nrules.redirects /old added 301 /new\nrules.protocol changed http1 h2c\nrules.balance changed turns load"},
	} {
		if got := said(Diff(base, x.to)); got != x.want {
			t.Errorf("%s:\n%s\nwant\n%s", x.name, got, x.want)
		}
	}
}

// A secret's value stands in no difference, whichever side has it.
func TestDiffNeverSaysASecret(t *testing.T) {
	spec := func(env ...EnvVar) ReleaseSpec { return ReleaseSpec{Targets: []Target{{Weight: 100}}, Env: env} }
	states := []ReleaseSpec{spec(), spec(EnvVar{"KEY", "hidden-1", true}), spec(EnvVar{"KEY", "hidden-2", true}), spec(EnvVar{"KEY", "open", false})}
	for i, a := range states {
		for j, b := range states {
			if got := fmt.Sprintf("%+v", Diff(a, b)); strings.Contains(got, "hidden") {
				t.Errorf("from %d to %d: %s", i, j, got)
			} else if i != j && got == "[]" {
				t.Errorf("from %d to %d nothing is said", i, j)
			}
		}
	}
}

// A password of a rule is named by its user, never by its hash.
func TestDiffNamesPasswordsByUser(t *testing.T) {
	with := func(users ...BasicUser) ReleaseSpec {
		return ReleaseSpec{Targets: []Target{{Weight: 100}}, Rules: Rules{Auth: users}}
	}
	a, b := with(BasicUser{"guest", "hash-1"}, BasicUser{"boss", "hash-2"}), with(BasicUser{"guest", "hash-3"}, BasicUser{"new", "hash-4"})
	want := "rules.auth guest changed secret\nrules.auth new added secret\nrules.auth boss removed secret"
	if got := said(Diff(a, b)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestWhatRestarts(t *testing.T) {
	own := ReleaseSpec{Health: HealthCheck{Kind: ProbeImage}}
	slow := ReleaseSpec{Health: HealthCheck{Kind: ProbeImage, Interval: Duration(time.Minute)}}
	for _, c := range []struct {
		before, after ReleaseSpec
		want          bool
	}{
		{ReleaseSpec{}, ReleaseSpec{Health: HealthCheck{Path: "/up", Interval: Duration(time.Minute), Policy: PolicyTell}}, false},
		{ReleaseSpec{}, own, true},
		{own, ReleaseSpec{}, true},
		{own, slow, true},
		{own, ReleaseSpec{Health: HealthCheck{Kind: ProbeImage, Policy: PolicyStop}}, false},
		{ReleaseSpec{}, ReleaseSpec{Health: HealthCheck{Path: "/up", Alive: Probe{Kind: ProbeImage}}}, true},
		{ReleaseSpec{Port: 1}, ReleaseSpec{Port: 2}, true},
	} {
		c.before.Targets, c.after.Targets = []Target{{Label: "1", Weight: 100}}, []Target{{Label: "1", Weight: 100}}
		if got := Restarts(Diff(c.before, c.after), c.after); got != c.want {
			t.Errorf("%+v -> %+v: %v", c.before.Health, c.after.Health, got)
		}
		if made := c.before.Template(Target{}, 0) != c.after.Template(Target{}, 0); made != c.want {
			t.Errorf("%+v -> %+v: the template differs: %v", c.before.Health, c.after.Health, made)
		}
	}
}
