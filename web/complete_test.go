package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/handlers"
)

// same names, for each form of a page, the route of the API that does the same; or, behind "because", why there is none.
var same = map[string]string{
	"POST /profile/delete": "because nobody is deleted by a program of theirs; operators have DELETE /api/v1/people/:person",
	"POST /sign-in":        "because a program has a token",
	"POST /sign-out":       "because a program has a token: DELETE /api/v1/profile/tokens/:token",
	"POST /setup/:secret":  "because the setup link is for a person; bootstrap-token is for programs",
	"POST /sign-in/code":   "because a program has a token",
	"POST /forgot":         "because it is for people who cannot sign in",
	"POST /reset/:secret":  "because it is for people who cannot sign in",

	"POST /profile":                       "PATCH /api/v1/profile",
	"POST /profile/password":              "because a password is typed by a person, not kept by a program",
	"POST /profile/sessions/end":          "DELETE /api/v1/profile/sessions/:session",
	"POST /profile/sessions/:session/end": "DELETE /api/v1/profile/sessions/:session",
	"POST /profile/two-factor":            "because the second factor is what a person has beside what a program could",
	"POST /profile/two-factor/confirm":    "because the second factor is what a person has beside what a program could",
	"POST /profile/two-factor/codes":      "because the second factor is what a person has beside what a program could",
	"POST /profile/two-factor/off":        "because the second factor is what a person has beside what a program could",

	"POST /preferences": "because it is about what a browser shows",

	"POST /new/upload":                            "POST /api/v1/apps/:app/versions",
	"POST /new/upload/:upload/name":               "POST /api/v1/apps",
	"POST /new/upload/:upload/cancel":             "DELETE /api/v1/uploads/:upload",
	"POST /new/image":                             "POST /api/v1/apps",
	"POST /new/database/:entry":                   "POST /api/v1/apps",
	"POST /apps/:app/start":                       "POST /api/v1/apps/:app/start",
	"POST /apps/:app/stop":                        "POST /api/v1/apps/:app/stop",
	"POST /apps/:app/restart":                     "POST /api/v1/apps/:app/restart",
	"POST /apps/:app/scale":                       "PUT /api/v1/apps/:app/scaling",
	"POST /apps/:app/delete":                      "DELETE /api/v1/apps/:app",
	"POST /apps/:app/versions/new/image":          "POST /api/v1/apps/:app/versions",
	"POST /apps/:app/versions/new/:upload":        "POST /api/v1/apps/:app/versions",
	"POST /apps/:app/versions/:label/delete":      "DELETE /api/v1/apps/:app/versions/:version",
	"POST /apps/:app/deploy":                      "POST /api/v1/apps/:app/releases",
	"POST /apps/:app/rollback":                    "POST /api/v1/apps/:app/rollback",
	"POST /apps/:app/settings":                    "POST /api/v1/apps/:app/releases",
	"POST /apps/:app/settings/name":               "PATCH /api/v1/apps/:app",
	"POST /apps/:app/connection/credentials":      "GET /api/v1/apps/:app/connection",
	"POST /apps/:app/draft/release":               "POST /api/v1/apps/:app/draft/release",
	"POST /apps/:app/draft/discard":               "DELETE /api/v1/apps/:app/draft",
	"POST /apps/:app/draft/unstage":               "PUT /api/v1/apps/:app/draft",
	"POST /apps/:app/rules":                       "POST /api/v1/apps/:app/releases",
	"POST /apps/:app/scaling":                     "PUT /api/v1/apps/:app/scaling",
	"POST /apps/:app/scaling/try":                 "POST /api/v1/apps/:app/scaling/dry-run",
	"POST /apps/:app/trial":                       "POST /api/v1/apps/:app/canary",
	"POST /apps/:app/switch":                      "POST /api/v1/apps/:app/releases/:release/switch",
	"POST /apps/:app/domains":                     "POST /api/v1/apps/:app/domains",
	"POST /apps/:app/domains/:domain":             "PUT /api/v1/apps/:app/domains/:domain",
	"POST /apps/:app/domains/:domain/check":       "POST /api/v1/apps/:app/domains/:domain/check",
	"POST /apps/:app/domains/:domain/certificate": "PUT /api/v1/apps/:app/domains/:domain/certificate",
	"POST /apps/:app/domains/:domain/delete":      "DELETE /api/v1/apps/:app/domains/:domain",
	"POST /apps/:app/ports":                       "POST /api/v1/apps/:app/ports",
	"POST /apps/:app/ports/:port":                 "PUT /api/v1/apps/:app/ports/:port",
	"POST /apps/:app/ports/:port/close":           "DELETE /api/v1/apps/:app/ports/:port",

	"POST /hosts/collect-garbage": "POST /api/v1/garbage-collection",

	"POST /members/invitations":                    "POST /api/v1/tenants/:tenant/invitations",
	"POST /members/invitations/:invitation/renew":  "POST /api/v1/tenants/:tenant/invitations/:invitation/renew",
	"POST /members/invitations/:invitation/revoke": "DELETE /api/v1/tenants/:tenant/invitations/:invitation",
	"POST /members/leave":                          "POST /api/v1/tenants/:tenant/leave",
	"POST /members/:user/role":                     "PUT /api/v1/tenants/:tenant/members/:person",
	"POST /members/:user/remove":                   "DELETE /api/v1/tenants/:tenant/members/:person",
	"POST /invitations/:secret":                    "POST /api/v1/invitations/accept",
	"POST /register":                               "because it is for people who have no account yet",
	"POST /team":                                   "PATCH /api/v1/tenants/:tenant",
	"POST /team/new":                               "because it takes what registration lets people do; operators have POST /api/v1/tenants",
	"POST /team/delete":                            "DELETE /api/v1/tenants/:tenant",
	"POST /team/consent":                           "PUT /api/v1/tenants/:tenant/support",
	"POST /tenants":                                "POST /api/v1/tenants",
	"POST /tenants/:tenant":                        "PATCH /api/v1/tenants/:tenant",
	"POST /people/:person/powers":                  "PATCH /api/v1/people/:person",
	"POST /people/:person/reset-link":              "POST /api/v1/people/:person/reset-link",
	"POST /people/:person/two-factor":              "DELETE /api/v1/people/:person/two-factor",
	"POST /people/:person/delete":                  "DELETE /api/v1/people/:person",
	"POST /support/sessions":                       "POST /api/v1/support/sessions",
	"POST /support/sessions/:session/end":          "DELETE /api/v1/support/sessions/:session",
	"POST /support/sessions/:session/consent":      "POST /api/v1/support/sessions/:session/consent",

	"POST /quota/requests":                   "POST /api/v1/tenants/:tenant/quota-requests",
	"POST /quota/requests/:request/withdraw": "POST /api/v1/quota-requests/:request/withdraw",
	"POST /plan-requests/:request/approve":   "POST /api/v1/quota-requests/:request/approve",
	"POST /plan-requests/:request/refuse":    "POST /api/v1/quota-requests/:request/refuse",
	"POST /apps/:app/budget":                 "PUT /api/v1/apps/:app/budget",
	"POST /plans":                            "POST /api/v1/plans",
	"POST /plans/:plan":                      "PUT /api/v1/plans/:plan",
	"POST /plans/:plan/delete":               "DELETE /api/v1/plans/:plan",

	"POST /alerts/rules":                    "POST /api/v1/tenants/:tenant/alert-rules",
	"POST /alerts/rules/:rule":              "PUT /api/v1/tenants/:tenant/alert-rules/:rule",
	"POST /alerts/rules/:rule/switch":       "PUT /api/v1/tenants/:tenant/alert-rules/:rule",
	"POST /alerts/rules/:rule/delete":       "DELETE /api/v1/tenants/:tenant/alert-rules/:rule",
	"POST /alerts/channels":                 "POST /api/v1/tenants/:tenant/alert-channels",
	"POST /alerts/channels/:channel":        "PUT /api/v1/tenants/:tenant/alert-channels/:channel",
	"POST /alerts/channels/:channel/test":   "POST /api/v1/tenants/:tenant/alert-channels/:channel/test",
	"POST /alerts/channels/:channel/delete": "DELETE /api/v1/tenants/:tenant/alert-channels/:channel",
	"POST /alerts/silences":                 "POST /api/v1/tenants/:tenant/alert-silences",
	"POST /alerts/silences/:silence/end":    "DELETE /api/v1/tenants/:tenant/alert-silences/:silence",

	"POST /log-drains":                   "POST /api/v1/tenants/:tenant/log-drains",
	"POST /log-drains/:drain":            "PUT /api/v1/tenants/:tenant/log-drains/:drain",
	"POST /log-drains/:drain/delete":     "DELETE /api/v1/tenants/:tenant/log-drains/:drain",
	"POST /tokens":                       "POST /api/v1/tenants/:tenant/tokens",
	"POST /tokens/:token/delete":         "DELETE /api/v1/tenants/:tenant/tokens/:token",
	"POST /profile/tokens":               "POST /api/v1/profile/tokens",
	"POST /profile/tokens/:token/delete": "DELETE /api/v1/profile/tokens/:token",
}

// TestTheAPICanDoWhatThePortalCan fails for a form that has no route of the API.
func TestTheAPICanDoWhatThePortalCan(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	routes := map[string]bool{}
	for _, r := range p.server.router.Routes() {
		routes[r.Method+" "+r.Path] = r.Method != echo.RouteNotFound
	}
	for name := range routes {
		path := strings.TrimPrefix(name, http.MethodPost+" ")
		if path == name || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/v2/") || strings.HasPrefix(path, "/uploads/") {
			continue
		}
		api := same[name]
		switch {
		case strings.HasPrefix(api, "because "):
		case api == "":
			t.Errorf("%s has no route of the API that does the same; write it, or say here why not", name)
		case !routes[api]:
			t.Errorf("%s is to be done by %s, which does not exist", name, api)
		}
	}
	for name := range same {
		if !routes[name] {
			t.Errorf("%s does not exist any more", name)
		}
	}
}

// TestWhoMayDoItIsTheSame compares a form with its route of the API: both take the same action, or the API one that is
// narrower.
func TestWhoMayDoItIsTheSame(t *testing.T) {
	rules := handlers.AllRules()
	narrower := map[core.Action]core.Action{
		core.ActCreate:   core.ActDeploy,
		handlers.Anybody: handlers.Oneself, // who is invited makes an account by the form
		core.ActOperate:  core.ActManage,   // a plan is for operators there, too
	}
	for form, api := range same {
		if want, got := rules[form], rules[api]; !strings.HasPrefix(api, "because ") && want != got && narrower[want] != got {
			t.Errorf("%s takes %q, %s takes %q", form, want, api, got)
		}
	}
}

// TestUploadsOverTheAPI follows a file from its arrival to a version.
func TestUploadsOverTheAPI(t *testing.T) {
	h := newHouse(t)
	token := h.caller("deploy token").token
	var list struct{ Items []object }
	h.api(token, http.MethodGet, "/tenants/"+h.own["tenant"]+"/uploads", "").json(t, &list)
	if len(list.Items) != 2 || list.Items[0]["state"] != "ready" {
		t.Errorf("uploads %v", list)
	}
	var v object
	got := h.api(token, http.MethodPost, "/apps/"+h.own["blog"]+"/versions", `{"upload":"`+h.own["upload"]+`","label":"5.0"}`)
	if got.json(t, &v); got.status != http.StatusCreated || v["label"] != "5.0" {
		t.Errorf("%d %s", got.status, got.body)
	}
	both := h.api(token, http.MethodPost, "/apps/"+h.own["blog"]+"/versions", `{"upload":"x","image":"y"}`)
	if fieldsOf(both.problem(t, 422)) != "upload" {
		t.Error(both.body)
	}
	h.api(token, http.MethodPost, "/apps/"+h.own["blog"]+"/versions", `{"upload":"`+h.foreign["upload"]+`"}`).problem(t, 404)
	if got := h.api(token, http.MethodDelete, "/uploads/"+h.own["app upload"], ""); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	h.api(token, http.MethodGet, "/uploads/"+h.own["app upload"], "").problem(t, 404)
	var address struct {
		Free        bool
		Suggestions []string
	}
	h.api(token, http.MethodGet, "/addresses/"+h.own["app"], "").json(t, &address)
	if address.Free || len(address.Suggestions) == 0 {
		t.Errorf("%+v", address)
	}
	h.api(token, http.MethodGet, "/addresses/-a", "").problem(t, 422)
}
