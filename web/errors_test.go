package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"berth/core"
)

func TestEveryCodeHasAStatus(t *testing.T) {
	fake := newFake()
	p := newPortal(t, fake, nil)
	codes := []core.Code{core.EINVALID, core.EUNAUTHORIZED, core.EFORBIDDEN, core.ENOTFOUND, core.ECONFLICT, core.EGONE,
		core.ETOOLARGE, core.ETOOMANY, core.EUNAVAILABLE, core.EINSUFFICIENT, core.EINTERNAL, core.EUNREACHABLE}
	want := []int{422, 401, 403, 404, 409, 410, 413, 429, 503, 507, 500, 502}
	for i, code := range codes {
		e := core.Wrap(errors.New("the cause, for the log"), code, "error.rate_limited")
		fake.fail(e)
		answer := p.api("good", http.MethodGet, "/apps/shop", "")
		problem := answer.problem(t, want[i])
		if problem.Code != code || problem.Type != "about:blank" || strings.HasPrefix(problem.Title, "problem.") {
			t.Errorf("%+v", problem)
		}
		if strings.Contains(answer.body, "cause") {
			t.Errorf("the cause is told: %s", answer.body)
		}
		if late := answer.header.Get("Retry-After"); (late != "") != (code == core.ETOOMANY || code == core.EUNAVAILABLE) {
			t.Errorf("%s: Retry-After %q", code, late)
		}
	}
	fake.fail(errors.New("plain"))
	p.api("good", http.MethodGet, "/apps/shop", "").problem(t, http.StatusInternalServerError)
	if !strings.Contains(p.logged.String(), "plain") {
		t.Error("the cause is not in the log")
	}
	e := core.Errorf(core.EUNAVAILABLE, "error.rate_limited")
	e.RetryAfter = 1500 * time.Millisecond
	fake.fail(e)
	if got := p.api("good", http.MethodGet, "/apps/shop", "").header.Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q", got)
	}
}

func TestErrorsSpeakTheLanguage(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	english := p.api("good", http.MethodPost, "/apps", "[]").problem(t, 422)
	chinese := p.api("good", http.MethodPost, "/apps", "[]", "Accept-Language", "zh-CN,zh;q=0.9").problem(t, 422)
	if english.Detail == chinese.Detail || english.Title == chinese.Title || !strings.Contains(chinese.Detail, "。") {
		t.Errorf("%+v %+v", english, chinese)
	}
}

func TestUnknownAddressesAndMethods(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	p.api("good", http.MethodGet, "/nothing", "").problem(t, http.StatusNotFound)
	p.api("good", http.MethodPut, "/apps", "").problem(t, http.StatusMethodNotAllowed)
	if got := p.ask(nil, http.MethodGet, "/nothing", ""); got.status != 404 || !strings.Contains(got.body, "<html") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := p.ask(nil, "BREW", "/healthz", ""); got.status != http.StatusMethodNotAllowed {
		t.Errorf("BREW: %d", got.status)
	}
	if got := p.ask(nil, http.MethodHead, "/healthz", ""); got.status != http.StatusOK || got.body != "" {
		t.Errorf("HEAD: %d %q", got.status, got.body)
	}
	if got := p.ask(nil, http.MethodHead, "/v2/shop/manifests/1", ""); got.header.Get("X-Part") != "registry" {
		t.Errorf("HEAD of the registry: %v", got.header)
	}
}

func TestRegistryIsUntouched(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	body := strings.Repeat("x", int(2*maxForm))
	got := p.ask(nil, http.MethodPatch, "/v2/shop/blobs/uploads/1", body, "Sec-Fetch-Site", "cross-site",
		"Authorization", "Basic YTpi", "Accept-Encoding", "gzip")
	if got.body != "registry PATCH 2MiB" || got.header.Get("Content-Security-Policy") != "" {
		t.Errorf("%d %s %v", got.status, got.body, got.header)
	}
}

// Bad input 10.
func TestStrangersThingsAreNotThere(t *testing.T) {
	fake := newFake()
	fake.apps["other"] = core.App{ID: "other", TenantID: "coffee"}
	p := newPortal(t, fake, nil)
	want := p.api("good", http.MethodGet, "/apps/not-there", "")
	want.problem(t, http.StatusNotFound)
	for _, id := range []string{"other", "0", "-1", "..%2f", "..%2fshop", "9223372036854775808", "%00", "SHOP"} {
		if got := p.api("good", http.MethodGet, "/apps/"+id, ""); got.body != want.body || got.status != want.status {
			t.Errorf("%s: %d %s", id, got.status, got.body)
		}
	}
	for _, n := range []string{"0", "-1", "9223372036854775808", "x"} {
		p.api("good", http.MethodGet, "/apps/shop/releases/"+n, "").problem(t, http.StatusNotFound)
	}
}

func TestReadiness(t *testing.T) {
	var parts map[string]Part
	p := newPortal(t, newFake(), func(o *Options) {
		o.Ready = func(context.Context) map[string]Part { return parts }
	})
	seen := time.Now().Add(-time.Minute)
	down := core.Wrap(errors.New("password=hunter2"), core.EUNAVAILABLE, "error.internal")
	for _, c := range []struct {
		parts  map[string]Part
		status int
		state  string
	}{
		{map[string]Part{"database": {}}, 200, "ready"},
		{map[string]Part{"database": {}, "registry": {Err: down, Seen: seen, Optional: true}}, 200, "degraded"},
		{map[string]Part{"database": {Err: down}, "registry": {Err: down, Seen: seen, Optional: true}}, 503, "unready"},
	} {
		parts = c.parts
		got := p.ask(nil, http.MethodGet, "/readyz", "")
		var body readyJSON
		got.json(t, &body)
		if got.status != c.status || body.Status != c.state || len(body.Parts) != len(c.parts) {
			t.Errorf("%d %s", got.status, got.body)
		}
		if r, ok := body.Parts["registry"]; ok && (r.State != "failed" || r.Error != "unavailable" || r.Age != "1m0s") {
			t.Errorf("%+v", r)
		}
		if strings.Contains(got.body, "hunter2") {
			t.Error("the cause is told")
		}
	}
}

func TestLogsHoldNoSecrets(t *testing.T) {
	p, client := newPortal(t, newFake(), nil), browser(t)
	cookie := p.signIn(client, "ada")
	p.ask(client, http.MethodGet, "/setup/very-secret-link", "")
	p.ask(client, http.MethodGet, "/api/v1/apps/shop?token=query-secret", "")
	p.api("good-but-wrong", http.MethodGet, "/apps/shop", "")
	eventually(t, "the requests are logged", func() bool { return strings.Count(p.logged.String(), "msg=request") >= 3 })
	for _, secret := range []string{"query-secret", "good-but-wrong", cookie.Value} {
		if strings.Contains(p.logged.String(), secret) {
			t.Errorf("%s is in the log:\n%s", secret, p.logged)
		}
	}
}
