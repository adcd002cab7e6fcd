package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"

	"berth/e2e/testenv"
)

// load sends requests to an app through the gateway from several connections until stop is called.
type load struct {
	requests, failed atomic.Int64
	mu               sync.Mutex
	failures         []string
	took             []float64 // of each request, in milliseconds
	stop             func()
}

func (b *Berth) load(app, method, path string) *load {
	l := &load{}
	done := make(chan struct{})
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 20 * time.Second}
	for range 8 {
		all.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					l.one(client, b, app, method, path)
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	l.stop = sync.OnceFunc(func() { close(done); all.Wait() })
	b.t.Cleanup(l.stop)
	return l
}

func (l *load) one(client *http.Client, b *Berth, app, method, path string) {
	req, _ := http.NewRequest(method, b.Gateway+path, nil)
	req.Host = app + "." + b.Domain
	began := time.Now()
	res, err := client.Do(req)
	l.requests.Add(1)
	if err == nil {
		body, readErr := io.ReadAll(res.Body)
		res.Body.Close()
		if err = readErr; err == nil && res.StatusCode >= 400 {
			err = fmt.Errorf("%s %s", res.Status, body)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, milliseconds(time.Since(began)))
	if err != nil {
		l.failed.Add(1)
		l.failures = append(l.failures, fmt.Sprintf("%s (begun at %s, over after %s)", err, began.Format("15:04:05.000"), time.Since(began).Round(time.Millisecond)))
	}
}

// none ends the load and fails the test when a request has failed.
func (l *load) none(t testing.TB) {
	t.Helper()
	l.stop()
	if l.failed.Load() > 0 || l.requests.Load() < 100 {
		t.Errorf("%d of %d requests failed: %s", l.failed.Load(), l.requests.Load(), strings.Join(l.failures[:min(3, len(l.failures))], "; "))
	}
}

func TestNoRequestFailsDuringASwitch(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	b.push(app, "2.0")
	l := b.load(app, "GET", "/slow?ms=20")
	b.deploy(app, map[string]any{"version": "2.0"})
	b.answers(app, "version 2.0")
	b.deploy(app, map[string]any{"env": map[string]string{"COLOR": "green"}})
	b.deploy(app, map[string]any{"replicas": 1})
	b.succeeds(b.rollback(app, 1))
	b.answers(app, "version 1.0")
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	l.none(t)
	b.eventually(time.Minute, func() error { return b.event(app, "switched", "0 of ") })
}

// push brings a version with Docker's own client, as a developer would.
func (b *Berth) push(app, label string) {
	b.t.Helper()
	host := strings.TrimPrefix(b.Portal, "http://")
	tag := host + "/" + app + ":" + label
	testenv.Load(b.t, testenv.Archive(b.t, testenv.ImageOptions{Tag: tag, Version: label}))
	config := b.t.TempDir()
	login := exec.Command("docker", "--config", config, "login", "-u", "any", "--password-stdin", host)
	login.Stdin = strings.NewReader(b.token)
	run(b.t, login)
	run(b.t, exec.Command("docker", "--config", config, "push", tag))
}

func run(t testing.TB, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

func (b *Berth) rollback(app string, number int) string {
	b.t.Helper()
	var out accepted
	b.do("POST", "/api/v1/apps/"+app+"/rollback", map[string]any{"release": number}, &out)
	return out.Operation
}

func TestAnInstanceKilledUnderLoad(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 3})
	l := b.load(app, "GET", "/slow?ms=10")
	for _, victim := range b.containers(c, app) {
		if err := c.ContainerKill(t.Context(), victim.ID, "KILL"); err != nil {
			t.Fatal(err)
		}
		b.eventually(time.Minute, func() error {
			info, err := c.ContainerInspect(t.Context(), victim.ID)
			if err == nil && !info.State.Running {
				return errors.New("still down")
			}
			return b.ready(app, 3)
		})
	}
	l.none(t)
}

func TestAPostIsNeverSentTwice(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	results := make(chan error, 1)
	go func() {
		req, _ := http.NewRequest("POST", b.Gateway+"/slow?ms=3000", strings.NewReader("once"))
		req.Host = app + "." + b.Domain
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			err = fmt.Errorf("%d", res.StatusCode)
		}
		results <- err
	}()
	time.Sleep(500 * time.Millisecond) // the request is on its way to one of the two
	for _, i := range b.containers(c, app) {
		if err := c.ContainerKill(t.Context(), i.ID, "KILL"); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-results; err == nil || err.Error() != "502" {
		t.Errorf("the broken-off POST ended with %v, want 502", err)
	}
	b.answers(app, "version 1.0")
	seen := 0
	for _, i := range b.containers(c, app) {
		out, err := c.ContainerLogs(t.Context(), i.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(out)
		out.Close()
		seen += strings.Count(string(text), "POST /slow")
	}
	if seen > 1 {
		t.Errorf("the POST arrived %d times", seen)
	}
}
