// Package e2e drives the built program as its users would: real Docker, real ZooKeeper, real browser.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"berth/e2e/testenv"
)

var binary string

// atATime is how many tests that are said to be parallel run at a time, unless -parallel says so. Four take half the
// time, but a browser gives up what it loads when another test makes a network, and limits of a few seconds do not hold.
const atATime = 1

func TestMain(m *testing.M) {
	flag.Parse()
	if !isSet("test.parallel") {
		flag.Set("test.parallel", strconv.Itoa(atATime))
	}
	dir, err := os.MkdirTemp("", "berth-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "berth")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, "berth")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building berth: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// isSet reports whether a flag was given.
func isSet(name string) (set bool) {
	flag.Visit(func(f *flag.Flag) { set = set || f.Name == name })
	return set
}

const bootstrapToken = "e2e-bootstrap-token-of-the-first-operator"

// Berth is a running program under test.
type Berth struct {
	t       testing.TB
	Data    string
	Portal  string // "http://127.0.0.1:1234"
	Gateway string
	Domain  string // base domain
	token   string
	ports   string // of this machine, for its instances
	args    []string
	command func(name string, args ...string) *exec.Cmd
	env     []string

	others []*Berth // further processes of the same Berth

	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
	output *output
}

// option changes how a Berth is started.
type option func(*Berth)

func withArgs(args ...string) option { return func(b *Berth) { b.args = append(b.args, args...) } }

// on runs the program on the machine of an engine of the test's own.
func on(d *testenv.Dockerd) option {
	return func(b *Berth) {
		move := func(address string) string {
			_, port, _ := net.SplitHostPort(strings.TrimPrefix(address, "http://"))
			return "http://" + net.JoinHostPort(d.Address, port)
		}
		b.Portal, b.Gateway, b.command = move(b.Portal), move(b.Gateway), d.Command
		b.env = append(b.env, "DOCKER_HOST="+d.Host)
	}
}

// start runs Berth with an empty data folder on free ports and waits until it is ready. It is stopped, and what it
// runs is removed, when the test ends.
func start(t testing.TB, options ...option) *Berth {
	t.Helper()
	b := &Berth{t: t, Data: t.TempDir(), Portal: "http://" + testenv.FreeAddress(t), Gateway: "http://" + testenv.FreeAddress(t),
		Domain: "localhost", token: bootstrapToken, ports: instancePorts(), command: exec.Command, output: &output{}}
	for _, o := range options {
		o(b)
	}
	t.Cleanup(b.cleanUp)
	b.Start()
	return b
}

// beside starts a further process of the same Berth, with other options.
func (b *Berth) beside(options ...option) *Berth {
	b.t.Helper()
	other := &Berth{t: b.t, Data: b.Data, Portal: b.Portal, Gateway: b.Gateway, Domain: b.Domain, token: b.token,
		ports: b.ports, command: b.command, env: b.env, output: b.output}
	for _, o := range options {
		o(other)
	}
	b.others = append(b.others, other)
	other.Start()
	return other
}

// Start starts the program, again after Stop or Kill.
func (b *Berth) Start() {
	b.t.Helper()
	args := append([]string{"serve", "--data", b.Data, "--portal-listen", strings.TrimPrefix(b.Portal, "http://"),
		"--portal-url", b.Portal, "--gateway-http", strings.TrimPrefix(b.Gateway, "http://"), "--port-range", b.ports, "--bootstrap-token", bootstrapToken}, b.args...)
	cmd := b.command(binary, args...)
	cmd.Dir = b.Data
	cmd.Env = append(os.Environ(), b.env...)
	cmd.Stdout, cmd.Stderr = b.output, b.output
	if err := cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()
	b.mu.Lock()
	b.cmd, b.exited = cmd, exited
	b.mu.Unlock()
	b.eventually(time.Minute, func() error {
		select {
		case <-exited:
			b.t.Fatalf("%s\nberth ended: %s", said(b.output.String()), cmd.ProcessState)
		default:
		}
		res, err := http.Get(b.Portal + "/readyz")
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			body, _ := io.ReadAll(res.Body)
			return fmt.Errorf("%s: %s", res.Status, body)
		}
		return nil
	})
}

var berths atomic.Int32

// instancePorts returns a part of the range that Berth gives instances by default. Each Berth of the tests has one of its
// own, since none knows what the others give away.
func instancePorts() string {
	const first, last, each = 25700, 29999, 60
	from := first + int(berths.Add(1))%((last-first+1)/each)*each
	return fmt.Sprintf("%d-%d", from, from+each-1)
}

// stopTime is what Berth may take to stop, 30 s, and what a busy machine may add.
const stopTime = 45 * time.Second

// Stop ends the program as an operator would, and checks that it ends in time.
func (b *Berth) Stop() {
	b.t.Helper()
	b.signal(syscall.SIGTERM)
	select {
	case <-b.exited:
	case <-time.After(stopTime):
		b.signal(syscall.SIGQUIT) // it says what it waits for; cleanUp shows that
		<-b.exited
		b.t.Errorf("berth did not stop within %s", stopTime)
	}
}

// Kill ends the program with no chance to tidy up.
func (b *Berth) Kill() {
	b.signal(syscall.SIGKILL)
	<-b.exited
}

func (b *Berth) signal(s syscall.Signal) { b.cmd.Process.Signal(s) }

func (b *Berth) running() bool {
	select {
	case <-b.exited:
		return false
	default:
		return true
	}
}

// cleanUp deletes every app, so that nothing stays on the engine, and ends the program.
func (b *Berth) cleanUp() {
	if b.cmd == nil {
		return
	}
	if !b.running() {
		b.Start()
	}
	left := b.deleteApps()
	http.DefaultClient.CloseIdleConnections() // a gateway that stops waits for a last request on them
	for _, other := range append(b.others, b) {
		if other.running() {
			other.Stop()
		}
	}
	if b.t.Failed() || left != nil {
		b.t.Logf("berth said:\n%s", said(b.output.String()))
	}
	if left != nil {
		b.t.Errorf("apps are left behind: %v", left)
	}
}

// deleteApps deletes every app and waits until all are gone.
func (b *Berth) deleteApps() (left error) {
	asked := map[string]bool{}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var apps struct{ Items []struct{ ID, State string } }
		if _, left = b.call("GET", "/api/v1/apps", nil, &apps); left == nil && len(apps.Items) == 0 {
			return nil
		}
		for _, a := range apps.Items {
			left = errors.Join(left, fmt.Errorf("%s is %s", a.ID, a.State))
			if asked[a.ID] {
				continue
			}
			_, err := b.call("DELETE", "/api/v1/apps/"+a.ID, nil, nil)
			left, asked[a.ID] = errors.Join(left, err), err == nil
		}
	}
	return left
}

// call sends a request to the API and returns the status; an answer is decoded into out when it is not nil.
func (b *Berth) call(method, path string, body, out any) (int, error) {
	var reader io.Reader
	switch v := body.(type) {
	case nil:
	case io.Reader:
		reader = v
	default:
		data, err := json.Marshal(v)
		if err != nil {
			return 0, err
		}
		reader = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, b.Portal+path, reader)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	if _, isStream := body.(io.Reader); body != nil && !isStream {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, err
	}
	if res.StatusCode >= 400 {
		return res.StatusCode, fmt.Errorf("%s %s: %s: %s", method, path, res.Status, data)
	}
	if out != nil && len(data) > 0 {
		err = json.Unmarshal(data, out)
	}
	return res.StatusCode, err
}

// do is call for requests that must succeed.
func (b *Berth) do(method, path string, body, out any) {
	b.t.Helper()
	if _, err := b.call(method, path, body, out); err != nil {
		b.t.Fatal(err)
	}
}

// get sends a request for an app through the gateway.
func (b *Berth) get(appID, path string) (int, string, error) {
	req, err := http.NewRequest("GET", b.Gateway+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.Host = appID + "." + b.Domain
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

// lookEvery is the pause between two looks for what is waited for: each takes the program under test time as well, and
// others run beside it.
const lookEvery = 50 * time.Millisecond

// eventually waits until check passes.
func (b *Berth) eventually(atMost time.Duration, check func() error) {
	b.t.Helper()
	eventually(b.t, atMost, check)
}

func eventually(t testing.TB, atMost time.Duration, check func() error) {
	t.Helper()
	var err error
	for end := time.Now().Add(atMost); time.Now().Before(end); time.Sleep(lookEvery) {
		if err = check(); err == nil {
			return
		}
	}
	t.Fatalf("not within %s: %v", atMost, err)
}

// output keeps what a program says.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find returns the first group of a pattern in what was said, "" when it was not.
func (o *output) find(pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(o.String())
	if m == nil {
		return ""
	}
	return m[1]
}
