package gateway

import (
	"strings"
	"testing"

	"berth/core"
)

// Whatever a Host field says, it leads to the route of exactly the name that it means, or of the wildcard that is one
// label above it, or nowhere.
func FuzzRouter(f *testing.F) {
	t := newTable()
	domains := []string{"app.test", "a.app.test", "*.app.test", "xn--bcher-kva.test", "*.b.test", "localhost", "_x.test"}
	for _, d := range domains {
		t.setRoute(core.Route{Domain: d, AppID: "app", State: core.RouteOnline})
	}
	for _, host := range []string{"app.test", "APP.test.:80", "a.app.test", "b.app.test", "c.b.app.test", "b.test", "*.app.test", ".app.test",
		"app.test:", "app.test:99999", "[::1]:80", "a..test", "localhost", "", ":80", "app.test..", "%61pp.test"} {
		f.Add([]byte(host))
	}
	f.Fuzz(func(tt *testing.T, host []byte) {
		domain, ok := appendDomain(nil, host)
		if !ok {
			return
		}
		name := string(domain)
		if name != strings.ToLower(name) || strings.ContainsAny(name, "/ \t\r\n@%*") || len(name) > maxDomain {
			tt.Fatalf("%q is taken for the domain %q", host, name)
		}
		want := ""
		for _, d := range domains {
			if d == name {
				want = d
			}
		}
		if first, rest, found := strings.Cut(name, "."); want == "" && found && first != "" {
			for _, d := range domains {
				if d == "*."+rest {
					want = d
				}
			}
		}
		r := t.find(domain)
		if (r == nil) != (want == "") || r != nil && r != t.exact([]byte(want)) {
			tt.Fatalf("%q leads to %v, want %q", host, r, want)
		}
	})
}
