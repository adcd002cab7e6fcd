package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// shell is a person's terminal, or a script's: the built program with a home of its own.
type shell struct {
	t   *testing.T
	env []string
}

// ran is what a command did.
type ran struct {
	code        int
	out, errors string
}

func newShell(t *testing.T, env ...string) shell {
	return shell{t, append(append(os.Environ(), "HOME="+t.TempDir(), "XDG_CONFIG_HOME="), env...)}
}

// command has a deadline, so that a client that hangs fails its test.
func (s shell) command(stdin string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Env, cmd.Stdin = s.env, strings.NewReader(stdin)
	return cmd
}

func (s shell) run(stdin string, args ...string) ran {
	s.t.Helper()
	cmd := s.command(stdin, args...)
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	err := cmd.Run()
	if cmd.ProcessState == nil {
		s.t.Fatal(err)
	}
	return ran{cmd.ProcessState.ExitCode(), out.String(), errors.String()}
}

// ok runs a command that must succeed and say what is expected.
func (s shell) ok(want string, args ...string) string {
	s.t.Helper()
	r := s.run("", args...)
	if r.code != 0 || !strings.Contains(r.out, want) {
		s.t.Fatalf("berth %s: %d\n%s%s\nwant %q", strings.Join(args, " "), r.code, r.out, r.errors, want)
	}
	return r.out
}

// fails runs a command that must end with a code and say why.
func (s shell) fails(code int, want string, args ...string) {
	s.t.Helper()
	r := s.run("", args...)
	if r.code != code || !strings.Contains(r.errors, want) || r.out != "" {
		s.t.Errorf("berth %s: %d, want %d and %q\nout: %s\nerrors: %s", strings.Join(args, " "), r.code, code, want, r.out, r.errors)
	}
}

// follow runs a command that goes on and returns a function that waits for a line with a word.
func (s shell) follow(args ...string) (until func(word string)) {
	s.t.Helper()
	cmd := s.command("", args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		cmd.Process.Signal(os.Interrupt)
		io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("berth %s, interrupted: %v", strings.Join(args, " "), err)
		}
	})
	lines := bufio.NewScanner(out)
	return func(word string) {
		s.t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), word) {
				return
			}
		}
		s.t.Fatalf("berth %s ended before %q", strings.Join(args, " "), word)
	}
}

// TestTheCommandLine is the way of a developer who has a token and a terminal.
func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	b := start(t)
	var made struct{ Token string }
	team := b.tenant("Northwind Tea")
	b.do("POST", "/api/v1/tenants/"+team+"/tokens", map[string]any{"name": "laptop", "scope": "deploy"}, &made)
	sh := newShell(t)
	sh.fails(3, "berth login URL", "apps")
	if r := sh.run("berth_wrong\n", "login", b.Portal, "--token-stdin"); r.code != 3 || strings.Contains(r.errors+r.out, "berth_wrong") {
		t.Errorf("a wrong token: %+v", r)
	}
	if r := sh.run(made.Token+"\n", "login", b.Portal, "--token-stdin", "--as", "test"); r.code != 0 || strings.Contains(r.out+r.errors, made.Token) {
		t.Fatalf("login: %+v", r)
	}
	sh.ok("developer in northwind-tea", "whoami")
	newShell(t).asked(b, made.Token)

	sh.ok("tea-shop", "apps", "create", "Tea shop")
	one := testenv.Archive(t, testenv.ImageOptions{Version: "1.0"})
	sh.ok("8080", "push", "tea-shop", one, "--label", "1.0")
	sh.ok("online: http://tea-shop.", "deploy", "tea-shop", "1.0", "--memory", "64MB", "--env", "MODE=first")
	b.answers("tea-shop", "version 1.0")

	until := sh.follow("logs", "-f", "tea-shop")
	until("listening")
	b.get("tea-shop", "/log?line="+url.QueryEscape("a word from the gateway"))
	until("a word from the gateway")

	sh.ok("Accepted", "scale", "tea-shop", "2", "--detach")
	sh.ok("online", "env", "set", "tea-shop", "MODE=second")
	sh.ok("second", "env", "tea-shop")
	sh.ok("online", "rollback", "tea-shop")
	sh.ok("first", "env", "tea-shop")
	sh.ok("live", "releases", "tea-shop")
	sh.fails(4, "", "status", "no-such-app")
	sh.fails(3, "", "apps", "delete", "tea-shop", "--yes-delete", "tea-shop")
	sh.pushesFromTheEngine(b)

	var apps struct {
		Items []struct{ ID, State string }
	}
	if err := json.Unmarshal([]byte(sh.ok("tea-shop", "apps", "--json")), &apps); err != nil || len(apps.Items) != 1 || apps.Items[0].State != "running" {
		t.Errorf("%+v %v", apps, err)
	}
	automation := newShell(t, "BERTH_CLIENT_URL="+b.Portal, "BERTH_CLIENT_TOKEN="+made.Token)
	instance := b.info("tea-shop").Instances[0].ID
	automation.ok(`"instance":"`+instance, "logs", "tea-shop", "--json", "--tail", "1", "--instance", instance[:6])
	away := newShell(t, "BERTH_CLIENT_URL=http://"+testenv.FreeAddress(t), "BERTH_CLIENT_TOKEN="+made.Token)
	away.fails(6, "cannot be reached", "apps")
	sh.completes(made.Token)
}

// asked signs in at a real terminal, where the token that is typed is not shown.
func (s shell) asked(b *Berth, token string) {
	s.t.Helper()
	cmd := s.command("", "version")
	cmd.Path, cmd.Args = "/usr/bin/script", []string{"script", "-qec", binary + " login " + b.Portal, "/dev/null"}
	said := &output{}
	cmd.Stdout, cmd.Stderr, cmd.Stdin = said, said, nil
	keyboard, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	eventually(s.t, 20*time.Second, func() error {
		if !strings.Contains(said.String(), "Access tokens): ") {
			return fmt.Errorf("no question: %q", said)
		}
		return nil
	})
	io.WriteString(keyboard, token+"\n")
	err = cmd.Wait()
	if err != nil || !strings.Contains(said.String(), "Signed in to") || strings.Contains(said.String(), token) {
		s.t.Errorf("login at a terminal: %v %q", err, said)
	}
}

// pushesFromTheEngine deploys an image of the local engine, and one that does not come online.
func (s shell) pushesFromTheEngine(b *Berth) {
	s.t.Helper()
	tag := fmt.Sprintf("berth-test/cli-%d:2.0", os.Getpid())
	testenv.Load(s.t, testenv.Archive(s.t, testenv.ImageOptions{Version: "2.0", Tag: tag}))
	s.ok("2.0", "push", "tea-shop", tag)
	s.ok("online", "deploy", "tea-shop")
	b.answers("tea-shop", "version 2.0")
	s.fails(4, "neither a file", "push", "tea-shop", "no-such-image-anywhere")

	broken := testenv.Archive(s.t, testenv.ImageOptions{Entrypoint: []string{"/no-such-program"}})
	if r := s.run("", "deploy", "tea-shop", broken, "--label", "3.0"); r.code != 1 || strings.Contains(r.out, "online") || !strings.Contains(r.errors, "FAIL") {
		s.t.Errorf("a deploy that fails: %+v", r)
	}
	b.answers("tea-shop", "version 2.0")
}

// completes presses Tab in a real bash.
func (s shell) completes(token string) {
	s.t.Helper()
	script := `source <(berth completion bash)
press() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _berth; echo "${COMPREPLY[*]}"; }
press berth dep
press berth deploy tea
press berth deploy tea-shop 2
press berth deploy tea-shop --mem
press berth --server ""
press berth apps cr`
	cmd := s.command("", "version")
	cmd.Path, cmd.Args = "/bin/bash", []string{"bash", "-c", script}
	cmd.Env = append(cmd.Env, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	want := "deploy\ntea-shop\n2.0\n--memory\ntest\ncreate\n"
	if err != nil || string(out) != want {
		s.t.Errorf("completion: %v\n%s\nwant\n%s", err, out, want)
	}
	if strings.Contains(string(out), token) {
		s.t.Error("the token is shown")
	}
}
