package e2e

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

const samePassword = "three words here"

// joins makes somebody a member with a role, and returns the person's id.
func (b *Berth) joins(tenant, name, email, role string) (id string) {
	b.t.Helper()
	var link struct{ URL string }
	b.do("POST", "/api/v1/tenants/"+tenant+"/invitations", map[string]any{"email": email, "role": role}, &link)
	req, _ := http.NewRequest("POST", link.URL, strings.NewReader(url.Values{"name": {name}, "password": {samePassword}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", b.Portal)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil || res.StatusCode != http.StatusSeeOther {
		b.t.Fatal(res, err)
	}
	res.Body.Close()
	var people struct{ Items []struct{ ID string } }
	b.do("GET", "/api/v1/people?search="+url.QueryEscape(email), nil, &people)
	return people.Items[0].ID
}

// comesIn signs in as somebody whom joins made.
func (p *person) comesIn(email string) {
	p.t.Helper()
	p.open("/sign-in")
	p.fill("Email", email)
	p.fill("Password", samePassword)
	p.click("Sign in")
	p.until(`!location.pathname.startsWith("/sign-in")`)
}

// TestSupport has somebody of the support staff find a container, read its logs and see nothing else, while the team
// watches and ends it. A viewer sees the team's things and can change none.
func TestSupport(t *testing.T) {
	t.Parallel()
	b := start(t)
	p := b.person()
	p.setUp()
	app := b.app(tenantID, "Tea shop")
	b.upload(app, "1.0", testenv.ImageOptions{})
	const value, secret = "planted-value-of-the-environment", "planted-secret-of-the-environment"
	b.deploy(app, map[string]any{"version": "1.0", "replicas": 2, "memory": "32MiB", "port": 8080,
		"env": []map[string]any{{"name": "PLANTED_NAME", "value": value}, {"name": "PLANTED_SECRET", "value": secret, "secret": true}}})
	b.deploy(app, map[string]any{"env": map[string]any{"PLANTED_NAME": value, "PLANTED_LATER": value}})
	b.eventually(time.Minute, func() error { return b.ready(app, 2) }) // what ran before is gone
	instances := b.info(app).Instances

	b.joins(tenantID, "The viewer", "viewer@example.com", "viewer")
	helper := b.joins(tenantID, "The helper", "helper@example.com", "viewer")
	b.do("DELETE", "/api/v1/tenants/"+tenantID+"/members/"+helper, nil, nil)
	b.do("PATCH", "/api/v1/people/"+helper, map[string]any{"support": true}, nil)
	b.do("PUT", "/api/v1/tenants/"+tenantID+"/support", map[string]any{"ask_first": true}, nil)

	s := b.person()
	s.comesIn("helper@example.com")
	s.at("/support")
	s.see("Nothing searched for yet")
	s.fits("support-empty")
	container := b.containers(testenv.Docker(t), app)[0].ID
	s.fill("Search teams, apps, databases, addresses and instances", container[3:20])
	s.click("Search")
	s.see("Tea shop", "Open a support session…")
	s.click("Open a support session…")
	s.fill("Reason", "too short")
	s.click("Open support session")
	s.see("A reason has 10 to 500 characters.")
	s.look("support-open")
	s.fill("Reason", "The shop does not answer since noon")
	s.click("Open support session")
	s.see("Waits until an admin of the team agrees")
	s.fits("support-waits")

	p.open("/")
	p.see("Support (The helper) asks to see states and logs")
	p.look("support-asks")
	p.click("Agree")
	p.see("Support (The helper) can see states and logs until")
	p.look("support-banner")

	s.open("/support?q=tea")
	s.see("Open until", "State", "Events", "Logs")
	s.look("support-hits")
	s.press(`document.querySelector("[name=app][value=` + app + `]")`)
	s.click("Show logs side by side")
	for _, i := range instances {
		s.until(`[...document.querySelectorAll("[data-logs*='` + i.ID + `'] .log-text")].some((l) => l.textContent.includes("listening"))`)
	}
	s.until(`document.querySelectorAll("[data-logs] [data-log-icon=ok]:not([hidden])").length === 2`)
	s.look("support-side")
	s.press(`document.querySelector("[data-log-follow]")`)
	s.until(`document.querySelectorAll("[data-log-newest]:not([hidden])").length === 1`)
	s.sees(app, value, secret)

	v := b.person()
	v.comesIn("viewer@example.com")
	v.see("Tea shop", "Support (The helper) can see states and logs until")
	v.open("/apps/" + app + "/settings")
	v.see("You may look at these settings.")
	v.look("viewer-settings")
	for _, path := range []string{"/", "/apps/" + app, "/apps/" + app + "/versions", "/apps/" + app + "/settings", "/apps/" + app + "/activity"} {
		v.open(path)
		v.until(`document.readyState === "complete"`)
		if buttons, _ := ask[string](v, `[...document.querySelectorAll("main form[method=post] button")].filter((b) => b.checkVisibility()).map((b) => b.innerText).join(", ")`); buttons != "" {
			t.Errorf("a viewer can press on %s: %s", path, buttons)
		}
	}

	s.open("/support")
	s.see("Open until")
	p.open("/")
	p.click("End session")
	p.until(`!document.querySelector("[data-support]")`)
	s.open("/support?q=tea")
	s.see("Open a support session…")
	p.open("/audit?tenant=" + tenantID)
	p.see("The helper began to read the logs of", "Operator agreed to the support session of The helper.",
		"Operator ended the support session of The helper.")
}

// sees walks over every page that links lead to, and finds no environment on any of them.
func (p *person) sees(app string, planted ...string) {
	p.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	session := p.session()
	get := func(path string) (int, string) {
		req, _ := http.NewRequest("GET", p.b.Portal+path, nil)
		req.Header.Set("Cookie", session)
		res, err := client.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			p.t.Fatal(err)
		}
		return res.StatusCode, string(body)
	}
	open := []string{"/", "/support", "/support?q=tea", "/activity?tenant=" + tenantID, "/?tenant=" + tenantID}
	for _, part := range []string{"", "/head", "/versions", "/deploy", "/settings", "/activity", "/connection", "/logs", "/delete"} {
		open = append(open, "/apps/"+app+part)
	}
	for _, part := range []string{"", "/versions", "/versions/1.0", "/releases", "/releases/1", "/scaling", "/events", "/operations", "/traffic"} {
		open = append(open, "/api/v1/apps/"+app+part)
	}
	seen := map[string]bool{}
	for len(open) > 0 {
		path := open[0]
		open = open[1:]
		if seen[path] || strings.HasPrefix(path, "/static/") {
			continue
		}
		seen[path] = true
		status, body := get(path)
		for _, text := range append(planted, "PLANTED_") {
			if strings.Contains(body, text) {
				p.t.Errorf("%s (%d) shows %s", path, status, text)
			}
		}
		for _, link := range linked.FindAllStringSubmatch(body, -1) {
			if at := strings.ReplaceAll(link[1], "&amp;", "&"); !strings.HasSuffix(strings.Split(at, "?")[0], "/live") {
				open = append(open, strings.Split(at, "#")[0])
				if status == http.StatusOK && !strings.HasPrefix(path, "/api/") {
					if s, _ := get(strings.Split(at, "#")[0]); s == http.StatusForbidden {
						p.t.Errorf("%s leads to %s, which is refused", path, at)
					}
				}
			}
		}
	}
	if len(seen) < 15 {
		p.t.Errorf("only %d pages were seen", len(seen))
	}
}

var linked = regexp.MustCompile(`href="(/[^/"][^"]*|/)"`)
