package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"berth/core"
	"berth/handlers"
)

// Rows of bad input, and the tests that provoke them:
//
//	 1  TestSignInTellsNothing                    10  TestWalkAmongStrangers, TestStrangersSeeNothing
//	 2  TestSignInIsLimited                       11  TestBadLists
//	 3  TestSignInAndOut                          12  TestBadNames
//	 4  TestSignInAndOut                          13  TestBadReleases
//	 5  TestSignInAndOut                          15  TestBadReleases
//	 6  TestLinksComeFromTheSettings              16  TestSecretsStayInside
//	 7  TestSetupLinkWorksOnce                    17  TestSecretsStayInside
//	 8  TestInvitationLinkWorksOnce               18  TestBadVersions
//	 9  TestWalkAcrossSites                       34  worker/image: TestDoor*, TestTokensThatAreNoMore
//	35  TestSockets*, TestWhatIsOpenEndsWithTheRight
//
// There are no TCP ports of one's own (14) and no incoming webhooks (33) yet.

// fields returns the fields that a problem names.
func fieldsOf(p handlers.Problem) string {
	var names []string
	for _, e := range p.Errors {
		names = append(names, e.Field)
	}
	return strings.Join(names, " ")
}

// Bad input 12.
func TestBadNames(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	for _, name := range []string{"a;id", "$(id)", "`id`", "a\nb", "a\x00b", strings.Repeat("a", 64), "-a", "a", "www", "api",
		"<img src=x onerror=alert(1)>", ""} {
		body := fmt.Sprintf(`{"tenant":%q,"name":%s}`, tenant, quote(name))
		if got := fieldsOf(p.api(operatorToken, http.MethodPost, "/apps", body).problem(t, 422)); got != "name" {
			t.Errorf("%q: at %q", name, got)
		}
	}
	for _, id := range []string{"../x", "A", "a_b", "www", strings.Repeat("a", 64)} {
		body := fmt.Sprintf(`{"tenant":%q,"name":"Shop","id":%s}`, tenant, quote(id))
		if got := fieldsOf(p.api(operatorToken, http.MethodPost, "/apps", body).problem(t, 422)); got != "id" && got != "name" {
			t.Errorf("%q: at %q", id, got)
		}
	}
	var list struct{ Items []object }
	p.api(operatorToken, http.MethodGet, "/apps", "").json(t, &list)
	if len(list.Items) != 0 {
		t.Errorf("apps were made: %v", list.Items)
	}
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || r == '"' || r == '\\' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Bad input 13 and 15, and what JSON itself makes possible.
func TestBadReleases(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	app := p.app(tenant, "Shop")
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf(`"K%d":""`, i)
	}
	for _, c := range []struct{ body, field string }{
		{`{"replicas":-1}`, "replicas"}, {`{"replicas":1000000}`, "replicas"}, {`{"replicas":1.5}`, "replicas"},
		{`{"replicas":"two"}`, "replicas"}, {`{"replicas":9223372036854775808}`, "replicas"},
		{`{"memory":"1B"}`, "memory"}, {`{"memory":"NaN"}`, "memory"}, {`{"memory":-1}`, "memory"}, {`{"memory":"1e30"}`, "memory"},
		{`{"memory":{}}`, "memory"}, {`{"cpu":"NaN"}`, "cpu"}, {`{"cpu":-1}`, "cpu"}, {`{"cpu":1e9}`, "cpu"},
		{`{"port":0}`, "port"}, {`{"port":65536}`, "port"}, {`{"port":"80;id"}`, "port"},
		{`{"version":"9.9","port":80}`, "version"}, {`{"weights":{"1.0":50}}`, "weights"}, {`{"weights":{"1.0":-1}}`, "weights"},
		{`{"version":"1.0","weights":{"1.0":100}}`, "weights"},
		{`{"env":{"A=B":"x"}}`, "env.A=B"}, {`{"env":{"A B":"x"}}`, "env.A B"}, {`{"env":{"":"x"}}`, "env."},
		{`{"env":{"A\nB":"x"}}`, "env.A\nB"}, {`{"env":["A=B"]}`, "env"}, {`{"env":{"A":"x\u0000"}}`, "env.A"},
		{`{"env":{` + strings.Join(many, ",") + `}}`, "env"},
		{`{"health":{"path":"http://evil/"}}`, "health.path"}, {`{"health":{"path":"//evil"}}`, "health.path"},
		{`{"health":{"path":"/a\r\nb"}}`, "health.path"}, {`{"health":{"exec":"x"}}`, "health"},
		{`{"privileged":true}`, "privileged"}, {`{"tenant_id":"x","role":"admin"}`, "role tenant_id"},
		{`{"replicas":-1,"port":0}`, "replicas port"}, {`{"replicas":"x","port":"y","z":1}`, "port replicas z"},
		{`[]`, ""}, {`null`, ""}, {`{"replicas":NaN}`, ""}, {`{"a":1}{"b":2}`, ""}, {"{\"replicas\":1", ""}, {"\xff", ""},
	} {
		body := strings.TrimSuffix(c.body, "}") + `,"version":"1.0"}`
		if strings.Contains(c.body, "version") || strings.Contains(c.body, "weights") || c.field == "" {
			body = c.body
		}
		got := p.api(operatorToken, http.MethodPost, "/apps/"+app+"/releases", body).problem(t, 422)
		if f := fieldsOf(got); f != c.field && !strings.HasPrefix(f, c.field+".") {
			t.Errorf("%.80s: at %q, want %q (%s)", c.body, f, c.field, got.Detail)
		}
	}
	large := `{"version":"1.0","env":{"A":"` + strings.Repeat("x", 600<<10) + `"}}`
	p.api(operatorToken, http.MethodPost, "/apps/"+app+"/releases", large).problem(t, 413)
	var list struct{ Items []object }
	p.api(operatorToken, http.MethodGet, "/apps/"+app+"/releases", "").json(t, &list)
	if len(list.Items) != 0 {
		t.Errorf("releases were made: %v", list.Items)
	}
}

// Bad input 11.
func TestBadLists(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	app := p.app(tenant, "Shop")
	for _, list := range []string{"/apps", "/apps/" + app + "/releases", "/apps/" + app + "/events", "/apps/" + app + "/operations"} {
		if got := p.api(operatorToken, http.MethodGet, list+"?limit=1000000000", ""); got.status != http.StatusOK {
			t.Errorf("%s: %d", list, got.status)
		}
		for query, field := range map[string]string{"limit=1e9": "limit", "limit=-1": "limit", "limit=0": "limit", "order=1": "order",
			"order=1;DROP": "", "order=1%3BDROP": "order", "%zz": ""} {
			got := p.api(operatorToken, http.MethodGet, list+"?"+query, "").problem(t, 422)
			if fieldsOf(got) != field {
				t.Errorf("%s?%s: at %q", list, query, fieldsOf(got))
			}
		}
	}
	for _, path := range []string{"/apps/" + app + "/releases?cursor=x", "/apps/" + app + "/releases?cursor=-1",
		"/apps/" + app + "?token=" + operatorToken} {
		if got := p.api(operatorToken, http.MethodGet, path, ""); got.status >= 500 {
			t.Errorf("%s: %d", path, got.status)
		}
	}
}

// Bad input 10, for everything that has an id.
func TestStrangersSeeNothing(t *testing.T) {
	p := newRealPortal(t)
	tea, _ := p.tenant("Tea", core.ScopeRead)
	_, stranger := p.tenant("Coffee", core.ScopeAdmin)
	app := p.app(tea, "Shop")
	var released, token object
	p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"version": "1.0"}, &released)
	p.must(201, http.MethodPost, "/tenants/"+tea+"/tokens", object{"name": "other", "scope": "read"}, &token)
	absent := p.api(stranger, http.MethodGet, "/apps/not-there", "")
	absent.problem(t, http.StatusNotFound)
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/apps/" + app, ""}, {"PATCH", "/apps/" + app, `{"name":"Mine"}`}, {"DELETE", "/apps/" + app, ""},
		{"POST", "/apps/" + app + "/stop", ""}, {"POST", "/apps/" + app + "/start", ""}, {"POST", "/apps/" + app + "/restart", ""},
		{"GET", "/apps/" + app + "/traffic", ""}, {"GET", "/apps/" + app + "/connection", ""}, {"GET", "/apps/" + app + "/events", ""},
		{"GET", "/apps/" + app + "/logs", ""}, {"GET", "/apps/" + app + "/versions", ""}, {"GET", "/apps/" + app + "/versions/1.0", ""},
		{"POST", "/apps/" + app + "/versions", `{"image":"busybox"}`}, {"DELETE", "/apps/" + app + "/versions/1.0", ""},
		{"GET", "/apps/" + app + "/releases", ""}, {"GET", "/apps/" + app + "/releases/1", ""},
		{"POST", "/apps/" + app + "/releases", `{"version":"1.0"}`}, {"POST", "/apps/" + app + "/rollback", `{"release":1}`},
		{"GET", "/apps/" + app + "/scaling", ""}, {"PUT", "/apps/" + app + "/scaling", `{"min":1}`},
		{"GET", "/apps/" + app + "/operations", ""}, {"GET", "/operations/" + released["operation"].(string), ""},
		{"GET", "/tenants/" + tea, ""}, {"GET", "/tenants/" + tea + "/tokens", ""}, {"POST", "/apps", `{"tenant":"` + tea + `","name":"Mine"}`},
		{"POST", "/tenants/" + tea + "/tokens", `{"name":"mine","scope":"admin"}`},
		{"DELETE", "/tenants/" + tea + "/tokens/" + token["id"].(string), ""},
	} {
		if got := p.api(stranger, c.method, c.path, c.body); got.body != absent.body {
			t.Errorf("%s %s: %d %s", c.method, c.path, got.status, got.body)
		}
	}
	for _, path := range []string{"/hosts", "/garbage-collection", "/tenants"} {
		method, body := http.MethodGet, ""
		if path != "/hosts" {
			method, body = http.MethodPost, `{"name":"Mine"}`
		}
		p.api(stranger, method, path, body).problem(t, http.StatusForbidden)
	}
	var list struct{ Items []object }
	p.api(stranger, http.MethodGet, "/apps", "").json(t, &list)
	if len(list.Items) != 0 {
		t.Errorf("a stranger's list: %v", list.Items)
	}
}

// Bad input 16 and 17.
func TestSecretsStayInside(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	app := p.app(tenant, "Shop")
	const secret, plain = "s3cret-Värde", "two\nlines $x \"q\" 'a' 船"
	var released object
	p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"version": "1.0",
		"env": object{"KEY": object{"value": secret, "secret": true}, "PLAIN": plain}}, &released)
	p.must(202, http.MethodPost, "/apps/"+app+"/rollback", object{"release": 1}, nil)
	p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"replicas": 2}, nil)
	var shown struct{ Env []core.EnvVar }
	for n := range 3 {
		got := p.api(operatorToken, http.MethodGet, fmt.Sprintf("/apps/%s/releases/%d", app, n+1), "")
		got.json(t, &shown)
		if len(shown.Env) != 2 || shown.Env[0] != (core.EnvVar{Name: "KEY", Secret: true}) || shown.Env[1].Value != plain {
			t.Errorf("release %d: %v", n+1, shown.Env)
		}
	}
	for _, path := range []string{"/apps", "/apps/" + app, "/apps/" + app + "/releases", "/apps/" + app + "/events",
		"/apps/" + app + "/operations", "/operations/" + released["operation"].(string)} {
		if got := p.api(operatorToken, http.MethodGet, path, ""); strings.Contains(got.body, secret) {
			t.Errorf("%s tells it: %s", path, got.body)
		}
	}
	bad := `{"env":{"KEY":{"value":"` + secret + `","secret":true},"A B":"x"}}`
	if got := p.api(operatorToken, http.MethodPost, "/apps/"+app+"/releases", bad); strings.Contains(got.body, secret) {
		t.Errorf("an error tells it: %s", got.body)
	}
	if strings.Contains(p.logged.String(), secret) {
		t.Error("the log tells it")
	}
}

// What contradicts itself, thresholds that are none, and cron expressions that never fire or make the library panic are
// refused at their field, whichever way they come, and nothing is changed.
func TestBadScaling(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	app := p.app(tenant, "Shop")
	path := "/apps/" + app
	p.must(202, http.MethodPost, path+"/releases", object{"version": "1.0"}, nil)
	refused := func(method, at, body, fields string) {
		t.Helper()
		if got := fieldsOf(p.api(operatorToken, method, path+at, body).problem(t, 422)); got != fields {
			t.Errorf("%s %s %s: at %q, want %q", method, at, body, got, fields)
		}
	}
	for body, field := range map[string]string{`{}`: "min", `{"max":2}`: "min", `{"min":2,"max":1}`: "max", `{"min":1,"max":2}`: "rules",
		`{"min":-1}`: "min", `{"min":101}`: "min", `{"min":"two"}`: "min", `{"min":1.5}`: "min", `{"min":NaN}`: "", `[]`: "",
		`{"min":1,"max":2,"rules":{}}`: "rules", `{"min":1,"max":2,"rule":[]}`: "rule", `{"min":1,"max":2,"rules":[{"metric":"cpu","target":NaN}]}`: "",
		`{"min":1,"max":2,"rules":[{"metric":"cpu","target":50},{"metric":"cpu","target":1e400}]}`: "rules.1.target",
		`{"min":1,"max":2,"rules":[{"metric":"cpu","target":"half"}]}`:                             "rules.0.target",
		`{"min":1,"max":2,"rules":[{"metric":"cpu","target":70,"window":"soon"}]}`:                 "rules.0",
		`{"min":1,"max":2,"rules":[{"metric":"cpu","targets":70}]}`:                                "rules.0",
		`{"min":1,"max":2,"idle":"long"}`:                                                          "idle"} {
		refused(http.MethodPut, "/scaling", body, field)
	}
	for said, field := range badScalings() {
		body := `{"min":1,"max":2,` + said + "}"
		if strings.HasPrefix(said, `"min"`) {
			body = "{" + said + "}"
		}
		inRelease := strings.ReplaceAll("scaling."+field, " ", " scaling.")
		refused(http.MethodPut, "/scaling", body, field)
		refused(http.MethodPost, "/scaling/dry-run", body, field)
		refused(http.MethodPost, "/releases", `{"scaling":`+body+`}`, inRelease)
		refused(http.MethodPut, "/draft", `{"scaling":`+body+`}`, inRelease)
	}
	var list struct{ Items []object }
	p.must(200, http.MethodGet, path+"/releases", nil, &list)
	var now object
	p.must(200, http.MethodGet, path+"/scaling", nil, &now)
	if len(list.Items) != 1 || now["on"] != false || now["replicas"] != 1.0 {
		t.Errorf("something was changed: %v, %v", list.Items, now)
	}
	p.api(operatorToken, http.MethodGet, path+"/draft", "").problem(t, 404)
}

// badScalings are what cannot be meant, besides {"min":1,"max":2} unless they say min, by the fields at which it is told.
func badScalings() map[string]string {
	bad := map[string]string{
		`"min":0,"max":2,"rules":[{"metric":"cpu","target":70}]`:   "min",
		`"min":1,"max":101,"rules":[{"metric":"cpu","target":70}]`: "max",
		`"min":2,"max":1,"rules":[{"metric":"cpu","target":70}]`:   "max",
		`"idle":"1ms"`: "idle", `"idle":"-1h"`: "idle", `"idle":"200h"`: "idle",
		`"idle":"1h","cooldown_up":"-1s"`: "cooldown_up", `"idle":"1h","cooldown_down":"1s"`: "cooldown_down", `"idle":"1h","cooldown_down":"25h"`: "cooldown_down",
		`"rules":[` + strings.Repeat(`{"metric":"cpu","target":70},`, 10) + `{"metric":"cpu","target":70}]`:                       "rules",
		`"schedules":[` + strings.Repeat(`{"from":"08:00","to":"09:00","min":2},`, 20) + `{"from":"08:00","to":"09:00","min":2}]`: "schedules",
	}
	for rule, field := range map[string]string{
		`"metric":"cpu"`: "target", `"metric":"cpu","target":0`: "target", `"metric":"cpu","target":-5`: "target", `"metric":"cpu","target":0.5`: "target",
		`"metric":"memory","target":101`: "target", `"metric":"latency","target":60001`: "target", `"metric":"requests","target":1e300`: "target",
		`"metric":"net_in","target":-1`: "target", `"metric":"total_requests","target":3`: "target", `"target":70`: "metric", `"metric":""`: "metric",
		`"metric":"ready","target":3`: "metric", `"metric":"host_cpu","target":3`: "metric", `"metric":"CPU","target":3`: "metric",
		`"metric":"cpu","target":70,"window":"1ms"`: "window", `"metric":"cpu","target":70,"window":"-10s"`: "window", `"metric":"cpu","target":70,"window":"11m"`: "window",
		`"metric":"cpu","target":70,"steps":[{"above":80,"add":1}]`:                                        "target",
		`"metric":"cpu","steps":[` + strings.Repeat(`{"above":70,"add":1},`, 10) + `{"above":70,"add":1}]`: "steps",
		`"metric":"cpu","steps":[{}]`:                                           "steps.0.above",
		`"metric":"cpu","steps":[{"above":70,"below":20,"add":1}]`:              "steps.0.above",
		`"metric":"cpu","steps":[{"above":-70,"add":1}]`:                        "steps.0.above",
		`"metric":"cpu","steps":[{"above":70}]`:                                 "steps.0.add",
		`"metric":"cpu","steps":[{"above":70,"add":-1}]`:                        "steps.0.add",
		`"metric":"cpu","steps":[{"above":70,"add":101}]`:                       "steps.0.add",
		`"metric":"cpu","steps":[{"above":70,"add":1,"run":2}]`:                 "steps.0.add",
		`"metric":"cpu","steps":[{"above":70,"remove":1}]`:                      "steps.0.add",
		`"metric":"cpu","steps":[{"above":70,"run":5}]`:                         "steps.0.run",
		`"metric":"cpu","steps":[{"below":101,"remove":1}]`:                     "steps.0.below",
		`"metric":"cpu","steps":[{"below":20}]`:                                 "steps.0.remove",
		`"metric":"cpu","steps":[{"below":20,"remove":1,"add":1}]`:              "steps.0.remove",
		`"metric":"total_requests","steps":[{"above":70,"add":1}]`:              "steps.0.run",
		`"metric":"cpu","steps":[{"above":70,"add":1},{"below":70,"remove":1}]`: "steps.1.below",
	} {
		bad[`"rules":[{`+rule+`}]`] = "rules.0." + field
	}
	bad[`"rules":[{"metric":"cpu","steps":[{"above":70,"add":1}]},{"metric":"cpu","steps":[{"below":80,"remove":1}]}]`] = "rules.1.steps.0.below"
	bad[`"rules":[{"metric":"cpu","target":50},{"metric":"memory","target":20},{"metric":"cpu","steps":[{"below":60,"remove":1}]}]`] = "rules.2.steps.0.below"
	for hours, field := range map[string]string{
		`"cron":"0 0 31 2 *","for":"1h","min":2`: "cron", `"cron":"0 0 31 2,4,6,9,11 *","for":"1h","min":2`: "cron", `"cron":"TZ=UTC","for":"1h","min":2`: "cron",
		`"cron":"TZ=UTC 0 8 * * *","for":"1h","min":2`: "cron", `"cron":"CRON_TZ=Asia/Tokyo 0 8 * * *","for":"1h","min":2`: "cron", `"cron":"@daily","for":"1h","min":2`: "cron",
		`"cron":"* * * *","for":"1h","min":2`: "cron", `"cron":"60 * * * *","for":"1h","min":2`: "cron", `"cron":"*/0 * * * *","for":"1h","min":2`: "cron",
		`"cron":"` + strings.Repeat("0,", 200) + `0 8 * * *","for":"1h","min":2`: "cron",
		`"cron":"0 8 * * *","min":2`: "for", `"cron":"0 8 * * *","for":"-1h","min":2`: "for", `"cron":"0 8 * * *","for":"1s","min":2`: "for", `"cron":"0 8 * * *","for":"200h","min":2`: "for",
		`"cron":"0 8 * * *","for":"1h","from":"08:00","min":2`: "cron", `"from":"08:00","to":"09:00","for":"1h","min":2`: "for",
		`"from":"25:00","to":"26:00","min":2`: "from schedules.0.to", `"from":"8","to":"09:00","min":2`: "from", `"min":2`: "from schedules.0.to",
		`"days":["funday"],"from":"08:00","to":"09:00","min":2`: "days",
		`"from":"08:00","to":"09:00","zone":"../etc","min":2`:   "zone", `"from":"08:00","to":"09:00","zone":"Local","min":2`: "zone", `"from":"08:00","to":"09:00","zone":"Mars/Base","min":2`: "zone",
		`"from":"08:00","to":"09:00"`: "min", `"from":"08:00","to":"09:00","min":-1`: "min", `"from":"08:00","to":"09:00","max":101`: "max",
		`"from":"08:00","to":"09:00","min":2,"max":1`: "max", `"from":"08:00","to":"09:00","replicas":2,"min":1`: "replicas", `"from":"08:00","to":"09:00","replicas":-2`: "replicas",
	} {
		bad[`"schedules":[{`+hours+`}]`] = "schedules.0." + field
	}
	return bad
}

// Bad input 18 and 20, as far as they are the API's.
func TestBadVersions(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	app := p.app(tenant, "Shop")
	for _, image := range []string{"x;id", "-v", "UPPER", strings.Repeat("a", 300), "169.254.169.254/x", ""} {
		body := fmt.Sprintf(`{"image":%q}`, image)
		if got := p.api(operatorToken, http.MethodPost, "/apps/"+app+"/versions", body).problem(t, 422); fieldsOf(got) != "image" {
			t.Errorf("%q: at %q", image, fieldsOf(got))
		}
	}
	p.api(operatorToken, http.MethodPost, "/apps/"+app+"/versions?label=2.0", "this is no archive", "Content-Type", "application/x-tar").
		problem(t, 422)
	p.api(operatorToken, http.MethodPost, "/apps/"+app+"/versions?label=-x", "", "Content-Type", "application/x-tar").problem(t, 422)
	p.api(operatorToken, http.MethodPost, "/apps/"+app+"/versions?label=1.0", "", "Content-Type", "application/x-tar").problem(t, 409)
	p.api(operatorToken, http.MethodPost, "/apps/"+app+"/versions?lable=1.0", "", "Content-Type", "application/x-tar").problem(t, 422)
	var list struct{ Items []object }
	p.api(operatorToken, http.MethodGet, "/apps/"+app+"/versions", "").json(t, &list)
	if len(list.Items) != 1 {
		t.Errorf("versions were made: %v", list.Items)
	}
}
