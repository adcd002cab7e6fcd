package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"berth/core"
	"berth/core/config"
)

func TestSigningInAndOut(t *testing.T) {
	w := newWorld(t)
	w.fails(3, "berth login URL", "apps")
	w.fails(2, "--token-stdin", "login", w.url)
	w.fails(2, "no token", "login", w.url, "--token-stdin")
	w.fails(2, "not the address", "login", "ftp://berth.example.com")
	w.fails(2, "cannot be the name", "login", w.url, "--as", "../x")
	if r := w.run("berth_wrong", "login", w.url, "--token-stdin"); r.code != 3 || strings.Contains(r.out+r.errors, "berth_wrong") {
		t.Errorf("a wrong token: %+v", r)
	}
	if r := w.run(operatorToken, "login", w.url, "--token-stdin", "--as", "ops"); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	w.team("Tea", core.ScopeRead)
	path := filepath.Join(w.home, "berth", "servers.json")
	for p, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v", p, info.Mode(), err)
		}
	}
	w.ok("viewer in tea", "whoami")
	w.ok("operator", "whoami", "--server", "ops")
	w.ok("ops", "servers", "--use", "ops")
	w.ok("operator", "whoami")
	w.ok("forgotten", "logout")
	w.ok("viewer in tea", "whoami")
	w.fails(3, "not signed in to a server named ops", "apps", "--server", "ops")
	w.ok("forgotten", "logout", "here")
	w.fails(3, "berth login URL", "apps")
	w.fails(4, "not signed in", "logout", "here")
	if left, err := filepath.Glob(filepath.Join(w.home, "berth", "*")); err != nil || len(left) != 1 {
		t.Errorf("left: %v %v", left, err)
	}
}

func TestADamagedFileShowsNothing(t *testing.T) {
	w := newWorld(t)
	must(t, os.MkdirAll(filepath.Join(w.home, "berth"), 0o700))
	path := filepath.Join(w.home, "berth", "servers.json")
	must(t, os.WriteFile(path, []byte(`{"servers":{"a":{"token":`+operatorToken), 0o600))
	w.fails(1, "damaged", "apps")
	must(t, os.WriteFile(path, []byte(`{"current":"a","servers":{"a":{"url":"`+w.url+`","token":"`+operatorToken+`"}}}`), 0o600))
	must(t, os.Chmod(path, 0o644))
	if r := w.run("", "apps"); r.code != 0 || !strings.Contains(r.errors, "chmod 600") {
		t.Errorf("readable to others: %+v", r)
	}
}

// A token goes to the server that it was given for, and nowhere else.
func TestTheEnvironmentWins(t *testing.T) {
	w := newWorld(t)
	w.team("Tea", core.ScopeRead)
	w.env = []string{envURL + "=" + w.url, envToken + "=" + operatorToken}
	w.ok("operator", "whoami")
	w.ok("viewer in tea", "whoami", "--server", "here")
	w.env = []string{envURL + "=" + w.url + "/"}
	w.ok("viewer in tea", "whoami")
	w.env = []string{envURL + "=http://127.0.0.1:1"}
	w.fails(3, "not signed in to http://127.0.0.1:1", "whoami")
	w.env = []string{envToken + "=" + operatorToken}
	w.ok("operator", "whoami")
	w.env = []string{envServer + "=nowhere"}
	w.fails(3, "nowhere", "whoami")
}

func TestNoVariableIsASettingOfTheServer(t *testing.T) {
	settings := reflect.TypeFor[config.Config]()
	for i := range settings.NumField() {
		name := settings.Field(i).Tag.Get("name")
		if strings.HasPrefix(name, "client-") {
			t.Errorf("the setting %s is mistaken for a variable of the client", name)
		}
	}
	for _, name := range []string{envURL, envToken, envServer} {
		if !strings.HasPrefix(name, "BERTH_CLIENT_") || !strings.Contains(environment, name) {
			t.Errorf("%s", name)
		}
	}
}
