package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

func TestTheDayOfAnApp(t *testing.T) {
	w := newWorld(t)
	w.team("Northwind Tea", core.ScopeAdmin)
	w.ok("http://shop.localhost:8000", "apps", "create", "Shop")
	w.fails(5, "", "apps", "create", "Shop")
	w.fails(4, "has no version yet", "deploy", "shop")
	out := w.ok("8080", "push", "shop", testenv.Archive(t, testenv.ImageOptions{}), "--label", "1.0")
	if !strings.Contains(out, "version") || !strings.Contains(out, "1.0") {
		t.Errorf("push: %s", out)
	}
	w.fails(1, "", "push", "shop", w.file("bad.tar", "no archive"))
	w.ok("shop is online: http://shop.localhost:8000", "deploy", "shop", "1.0", "--memory", "64MB", "--cpu", "0.5", "--replicas", "2", "--env", "MODE=first")
	var release struct {
		Memory, CPU string
		Replicas    int
	}
	var releases struct{ Items []json.RawMessage }
	w.json(&releases, "releases", "shop")
	must(t, json.Unmarshal(releases.Items[0], &release))
	if release.Memory != "64MiB" || release.CPU != "0.5" || release.Replicas != 2 {
		t.Errorf("%+v", release)
	}
	w.ok("online", "scale", "shop", "3")
	w.ok("online", "rollback", "shop")
	var listed struct {
		Items []struct{ Number, Replicas int }
	}
	w.json(&listed, "releases", "shop", "--limit", "1")
	if len(listed.Items) != 1 || listed.Items[0].Number != 3 || listed.Items[0].Replicas != 2 {
		t.Errorf("%+v", listed)
	}
	w.ok("live", "releases", "shop")
	w.fails(4, "", "rollback", "shop", "99")
	w.ok("1.0", "versions", "shop")
	w.ok("northwind-tea", "status", "shop")
	w.ok("http://shop.localhost:8000", "open", "shop")
	w.ok("stopped", "stop", "shop")
	w.ok("online", "start", "shop")
	w.ok("online", "restart", "shop")
	w.ok("Accepted as operation", "scale", "shop", "1", "--detach")

	w.fails(2, "Nothing was deleted", "apps", "delete", "shop")
	w.fails(2, "Nothing was deleted", "apps", "delete", "shop", "--yes-delete", "shp")
	w.ok("shop is gone.", "apps", "delete", "shop", "--yes-delete", "shop")
	w.fails(4, "", "status", "shop")
}

func TestDeployPicksTheVersion(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.ok("", "push", "shop", testenv.Archive(t, testenv.ImageOptions{}), "--label", "2.0")
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--memory", "128MB"}, `"1.0":100`},
		{nil, `"2.0":100`},
		{[]string{"1.0"}, `"1.0":100`},
	} {
		w.ok("online", append([]string{"deploy", "shop"}, c.args...)...)
		if out := w.ok("", "releases", "shop", "--json", "--limit", "1"); !strings.Contains(out, c.want) {
			t.Errorf("deploy shop %s: %s", c.args, out)
		}
	}
	w.fails(4, "has no version", "deploy", "shop", "3.0")
	w.fails(4, "no such file", "deploy", "shop", "./3.0.tar")
	archive, err := os.ReadFile(testenv.Archive(t, testenv.ImageOptions{}))
	must(t, err)
	if r := w.run(string(archive), "deploy", "shop", "-", "--label", "3.0"); r.code != 0 {
		t.Errorf("from the standard input: %+v", r)
	}
}

func TestAQuotaThatIsUsedUpIsAConflict(t *testing.T) {
	w := newWorld(t)
	w.shop()
	ctx := core.WithActor(context.Background(), core.System())
	team, err := w.worker.store.Tenants().Get(ctx, "northwind-tea")
	must(t, err)
	team.Quota = core.Amounts{core.ResourceMemory: int64(core.GiB)}
	must(t, w.worker.store.Tenants().Update(ctx, team))
	w.fails(exitConflict, "memory", "deploy", "shop", "--memory", "900GB")
}

func TestAFailedDeploySaysWhy(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.worker.set(true, false)
	r := w.run("", "scale", "shop", "2")
	if r.code != 1 || r.out != "" || !strings.Contains(r.errors, "FAIL") || !strings.Contains(r.errors, "cannot bind^[]0;owned^G") {
		t.Errorf("%+v", r)
	}
	r = w.run("", "scale", "shop", "3", "--json")
	last := r.out[strings.LastIndex(strings.TrimSpace(r.out), "\n")+1:]
	var op struct{ Status, Error string }
	if err := json.Unmarshal([]byte(last), &op); err != nil || r.code != 1 || op.Status != "failed" || op.Error == "" || r.errors != "" {
		t.Errorf("%v %+v", err, r)
	}
}

func TestCtrlCSaysThatItGoesOn(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.worker.set(false, true)
	ctx, stop := context.WithCancel(context.Background())
	time.AfterFunc(300*time.Millisecond, stop)
	r := w.runIn(ctx, strings.NewReader(""), "scale", "shop", "2")
	if r.code != exitInterrupted || !strings.Contains(r.errors, "berth status shop") {
		t.Errorf("%+v", r)
	}
}

func TestEnvironmentVariables(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.ok("", "env", "shop")
	w.ok("online", "env", "set", "shop", "MODE=live", "URL=http://x/?a=b,c;d", "EMPTY=")
	if r := w.run("hidden-value\nsecond-value\n", "env", "set", "shop", "KEY", "OTHER", "--secret"); r.code != 0 || strings.Contains(r.out+r.errors, "hidden") {
		t.Errorf("%+v", r)
	}
	out := w.ok("(secret)", "env", "shop")
	if !strings.Contains(out, "http://x/?a=b,c;d") || strings.Contains(out, "hidden") {
		t.Errorf("%s", out)
	}
	w.ok("online", "env", "unset", "shop", "MODE", "EMPTY")
	var vars []core.EnvVar
	w.json(&vars, "env", "shop")
	if len(vars) != 3 || !vars[0].Secret || vars[0].Value != "" {
		t.Errorf("%+v", vars)
	}
	ctx := core.WithActor(context.Background(), core.System())
	releases, err := w.worker.store.Releases().List(ctx, "shop", 0, 1)
	must(t, err)
	if env := releases[0].Spec.Env; len(env) != 3 || env[0].Value != "hidden-value" || env[1].Value != "second-value" {
		t.Errorf("the secrets did not survive: %+v", env)
	}
	w.fails(4, "MODE", "env", "unset", "shop", "MODE")
	w.fails(2, "not NAME=VALUE", "env", "set", "shop", "MODE")
	w.fails(2, "no value for the secret", "env", "set", "shop", "KEY", "--secret")
	w.fails(1, "", "env", "set", "shop", "A B=1")

	file := w.file("live.env", "# a comment\nFROM=file\r\n\n  MODE=x=y\n")
	if r := w.run("s3cret\n", "deploy", "shop", "--env-file", file, "--env", "FROM=flag", "--secret", "KEY"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if out := w.ok("", "env", "shop"); !strings.Contains(out, "FROM   flag") || !strings.Contains(out, "MODE   x=y") {
		t.Errorf("%s", out)
	}
	w.fails(2, "Line 1", "deploy", "shop", "--env-file", w.file("bad.env", "s3cret-without-a-name"))
	w.fails(2, "the name alone", "deploy", "shop", "--secret", "KEY=value")
}

func TestServices(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.ok("redis", "services")
	if r := w.run("", "services", "create", "redis", "Cache", "--detach"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	w.ok("redis://", "credentials", "cache")
	var conn struct{ URI string }
	w.json(&conn, "credentials", "cache")
	if !strings.HasPrefix(conn.URI, "redis://") {
		t.Errorf("%+v", conn)
	}
	w.ok("online", "deploy", "shop", "--bind", "cache")
	w.fails(1, "", "services", "create", "no-such-service", "Thing")
	w.fails(1, "has no address", "open", "cache")
}

func TestExitCodesForWhatIsRefused(t *testing.T) {
	w := newWorld(t)
	w.team("Tea", core.ScopeRead)
	w.fails(3, "", "apps", "create", "Shop")
	w.fails(4, "", "status", "nobodys")
	w.fails(4, "", "logs", "nobodys")
	w.fails(4, "", "status", "..")
	w.fails(4, "", "status", "a/b")
	w.fails(2, "berth scale --help", "scale", "shop", "many")
	w.fails(2, "", "deploy")
	w.fails(2, "", "logs", "shop", "--tail", "5000")
	w.env = []string{envURL + "=http://127.0.0.1:1", envToken + "=x"}
	w.fails(6, "cannot be reached", "apps")
	w.fails(6, "cannot be reached", "logs", "shop", "-f")
	for _, body := range []string{"<html>hello", "{}", "null"} {
		other := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, body, http.StatusTeapot) }))
		w.env = []string{envURL + "=" + other.URL, envToken + "=x"}
		w.fails(6, "is not the API of a Berth", "apps")
		other.Close()
	}
}

// Who may not push is told before anything is sent.
func TestNothingIsSentInVain(t *testing.T) {
	w := newWorld(t)
	w.team("Tea", core.ScopeRead)
	_, _, err := w.service.CreateApp(w.operator(), core.NewApp{TenantID: "tea", Name: "Shop"})
	must(t, err)
	r := w.runIn(context.Background(), unread{t}, "push", "shop", "-")
	if r.code != exitNotAllowed || r.errors == "" {
		t.Errorf("%+v", r)
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the archive was read")
	return 0, io.EOF
}

// A server that leads elsewhere does not get the token carried there.
func TestRedirectsAreNotFollowed(t *testing.T) {
	w := newWorld(t)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("asked with %q", r.Header.Get("Authorization"))
	}))
	defer thief.Close()
	way := httptest.NewServer(http.RedirectHandler(thief.URL+"/api/v1/apps", http.StatusTemporaryRedirect))
	defer way.Close()
	w.env = []string{envURL + "=" + way.URL, envToken + "=" + operatorToken}
	w.fails(6, "leads elsewhere, to "+thief.URL, "apps")
	w.fails(6, "", "logs", "shop")
}

func TestTeamsAreAskedForWhenThereAreSeveral(t *testing.T) {
	w := newWorld(t)
	w.env = []string{envURL + "=" + w.url, envToken + "=" + operatorToken}
	w.fails(1, "no team", "apps", "create", "Shop")
	for _, name := range []string{"Tea", "Coffee"} {
		_, err := w.service.CreateTenant(w.operator(), name, "")
		must(t, err)
	}
	w.fails(2, "coffee, tea", "apps", "create", "Shop")
	w.ok("shop", "apps", "create", "Shop", "--team", "tea")
	w.ok("shop", "apps", "--team", "tea")
	if r := w.run("", "apps", "--team", "coffee"); r.code != 0 || r.out != "" {
		t.Errorf("%+v", r)
	}
}

// What --json prints of a list of several pages is one page with all.
func TestListsAreWhole(t *testing.T) {
	w := newWorld(t)
	w.team("Tea", core.ScopeAdmin)
	for i := range 103 {
		_, _, err := w.service.CreateApp(w.operator(), core.NewApp{TenantID: "tea", Name: "App " + strings.Repeat("x", i/26) + string(rune('a'+i%26))})
		must(t, err)
	}
	var list struct {
		Items []struct{ ID string }
		Next  *string
	}
	w.json(&list, "apps")
	if len(list.Items) != 103 || list.Next != nil {
		t.Errorf("%d items, next %v", len(list.Items), list.Next)
	}
	rows := strings.Split(strings.TrimSpace(w.ok("APP", "apps")), "\n")
	if len(rows) != 104 || strings.Index(rows[0], "TEAM") != strings.Index(rows[1], "tea") || strings.Contains(strings.Join(rows, ""), "\x1b") {
		t.Errorf("%d rows\n%s\n%s", len(rows), rows[0], rows[1])
	}
}

func TestHelp(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{{}, {"--help"}, {"help"}} {
		out := w.ok("Use a Berth:", args...)
		if !strings.Contains(out, "Run a Berth:\n  serve") || strings.Contains(out, "--portal-listen") {
			t.Errorf("%s", out)
		}
	}
	w.ok("--memory", "help", "deploy")
	w.ok("--memory", "deploy", "--help")
	w.ok("130", "help", "exit-codes")
	w.ok("BERTH_CLIENT_TOKEN", "help", "environment")
	for _, name := range commandNames() {
		w.ok("Usage: berth "+name, name, "--help")
	}
	for _, args := range [][]string{{"serve"}, {"--data", "login", "serve"}, {"help", "serve"}, {"version"}, {"nonsense"}} {
		if _, mine := Takes(args); mine {
			t.Errorf("%q is not for the client", args)
		}
	}
	if code := (Program{Stdout: io.Discard, Stderr: io.Discard}).Unknown([]string{"serve"}); code != exitUsage {
		t.Errorf("the client alone takes serve: %d", code)
	}
	for _, args := range [][]string{{"--server", "serve", "apps"}, {"--json", "apps"}, {"--server=x", "apps"}} {
		if _, mine := Takes(args); !mine {
			t.Errorf("%q is for the client", args)
		}
	}
}

func TestCompletion(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.ok("", "services", "create", "redis", "Cache", "--detach")
	for _, c := range []struct {
		words string
		want  string
	}{
		{"dep", "deploy"}, {"", "login logout servers"}, {"se", "servers services serve"}, {"deploy sh", "shop"}, {"deploy shop 1", "1.0"},
		{"deploy shop --rep", "--replicas"}, {"env ", "list set unset cache shop"}, {"env set s", "shop"}, {"env sh", "shop"}, {"--server ", "here"},
		{"apps --server h", "here"}, {"apps cr", "create"}, {"apps create X --team n", "northwind-tea"}, {"services create r", "rabbitmq redis"},
		{"credentials ", "cache"}, {"completion ", "bash zsh fish"}, {"logs -f sh", "shop"}, {"logs --tail 5 sh", "shop"},
		{"status shop ", ""}, {"nonsense x", ""}, {"--server nowhere deploy s", ""}, {"apps --kind s", "service"},
	} {
		out := w.ok("", append([]string{completeWord}, strings.Split(c.words, " ")...)...)
		if g := strings.Join(strings.Fields(strings.Join(firsts(out), " ")), " "); g != c.want && !(c.words == "" && strings.HasPrefix(g, c.want)) {
			t.Errorf("%q: %q, want %q", c.words, g, c.want)
		}
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		w.ok("__complete", "completion", shell)
	}
	w.fails(2, "", "completion", "tcsh")
}

// firsts returns what lines have before their tab.
func firsts(out string) []string {
	var all []string
	for _, line := range strings.Split(out, "\n") {
		word, _, _ := strings.Cut(line, "\t")
		all = append(all, word)
	}
	return all
}

func TestTablesAreAligned(t *testing.T) {
	var b bytes.Buffer
	must(t, table(&b, [][]string{{"A", "B", "C"}, {"größe", "", "x\ny"}, {"1", "\x1b[31mred\x1b[0m", "\u202eevil"}}))
	want := "A      B    C\ngröße       x^Jy\n1      red  <U+202E>evil\n"
	if b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
