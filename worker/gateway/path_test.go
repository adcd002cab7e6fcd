package gateway

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

var somePaths = newPathRules([]core.PathRule{
	{Prefix: "/api", AppID: "api"}, {Prefix: "/api/v2", AppID: "v2", Strip: true}, {Prefix: "/shop/", AppID: "shop"},
}, func(id string) *app { return &app{id: id} })

func TestPathsLeadWholeSegments(t *testing.T) {
	for path, want := range map[string]string{
		"/api": "api", "/api/": "api", "/api/x": "api", "/apix": "", "/ap": "", "/": "", "": "", "/x/api": "",
		"/api/v2": "v2", "/api/v2/x": "v2", "/api/v20": "api", "/shop": "shop", "/shop/a": "shop", "/API": "",
		"/api;v=1": "", "/%61pi/x": "api", "/a%70i": "api", "/api/caf%C3%A9": "api", "/api/a%2Fb": "api",
		// Two readings that mean the same app, and so one.
		"/api//x": "api", "/api/./x": "api", "/x/../y": "", "/api/a/../b": "api", "//x": "", "/api/%2e/x": "api",
		// Two readings of which one leads elsewhere.
		"/a/../api": "?", "//api": "?", "/./api": "?", "/api/../x": "?", "/api/..": "?", "/api/%2e%2e/x": "?", "/%2e/api": "?",
		"/api%2Fx": "?", "/%2Fapi": "?", "/x%2F..%2Fapi": "?", `/api\x`: "?", `/x\..\api`: "?", "/api/v2/..": "?",
		"/%2561pi": "?", "/api/v2%2fx": "?", "/api/x%2f..%2fv2": "?", "/api%5cx": "?",
	} {
		rule, _, ok := findPath(somePaths, []byte(path))
		got := "?"
		if ok {
			got = ""
		}
		if rule != nil {
			got = rule.app.id
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", path, got, want)
		}
	}
}

func TestPrefixIsCutAsItCame(t *testing.T) {
	for path, want := range map[string]string{"/api/v2/x%20y": "/x%20y", "/%61pi/v2": "", "/api/v2//x": "//x", "/api/v%32/a": "/a"} {
		_, n, ok := findPath(somePaths, []byte(path))
		if got := path[n:]; !ok || got != want {
			t.Errorf("%s leaves %q, want %q", path, got, want)
		}
	}
}

// Whatever the path: an app that gets it would get it too by the reading of a server that resolves everything.
func FuzzPath(f *testing.F) {
	for _, p := range []string{"/api/x", "/a/../api", "//api", "/%61pi", "/api%2f..", `/\api`, "/api/%2e%2e/", "/%", "/%4", "/api/%zz"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "?#") {
			return
		}
		rule, n, ok := findPath(somePaths, []byte(p))
		if n > len(p) || ok && rule != nil && n < len(rule.prefix) {
			t.Fatalf("%q: a prefix of %d bytes", p, n)
		}
		decoded, err := url.PathUnescape(p)
		if !ok || err != nil || strings.Contains(decoded, "%") {
			return
		}
		plain := path.Clean(strings.ReplaceAll(decoded, `\`, "/"))
		if other, _, _ := findPath(somePaths, []byte(plain)); other != rule {
			t.Fatalf("%q leads to %v, and as %q to %v", p, rule, plain, other)
		}
	})
}

func TestPathsAsOneWouldReadThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"/", "api", "v2", "..", ".", "%2e", "%2F", `\`, "x", "%61pi", "shop"}), 1, 8).Draw(t, "parts")
		p := "/" + strings.Join(parts, "")
		rule, _, ok := findPath(somePaths, []byte(p))
		decoded, _ := url.PathUnescape(p)
		plain := path.Clean(strings.ReplaceAll(decoded, `\`, "/"))
		if other, _, _ := findPath(somePaths, []byte(plain)); ok && other != rule {
			t.Fatalf("%q leads to %v, and as %q to %v", p, rule, plain, other)
		}
	})
}

func TestRedirectsAppendTheRest(t *testing.T) {
	rules := newMoved([]core.Redirect{
		{From: "/old", To: "/new", Status: 301}, {From: "/gone/", To: "https://elsewhere.test:8443/x?a=1"},
		{From: "/root", To: "/"}, {From: "/bare", To: "https://bare.test", Status: 308}, {From: "/old/never", To: "/x"},
	})
	for target, want := range map[string]string{
		"/old": "301 /new", "/old/": "301 /new/", "/old/a/b?c=d": "301 /new/a/b?c=d", "/old?c": "301 /new?c", "/older": "0 ",
		"/old/never": "301 /new/never", "/gone": "302 https://elsewhere.test:8443/x?a=1", "/gone/y?b=2": "302 https://elsewhere.test:8443/x/y?a=1&b=2",
		"/root": "302 /", "/root/x": "302 /x", "/root//evil.test": "302 /evil.test", `/root/\evil.test`: "302 /evil.test",
		`/root/\/\/evil.test`: "302 /evil.test", "/bare//x": "308 https://bare.test/x", "/bare": "308 https://bare.test",
		"/bare.evil.test": "0 ", "/%6fld/x": "301 /new/x",
	} {
		status, line := findMoved(rules, []byte(target))
		line = strings.TrimSuffix(strings.TrimPrefix(line, "Location: "), "\r\n")
		if got := itoa(status) + " " + line; got != want {
			t.Errorf("%s: %q, want %q", target, got, want)
		}
	}
}
