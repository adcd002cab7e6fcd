package e2e

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// The answers of the API, as a client would write them down.
type (
	operation struct {
		ID     string
		Status string
		Error  string
		Steps  []struct{ Name, Status string }
	}
	instance struct {
		ID, Version, Host, Address, Status string

		Crashes   int
		StartedAt time.Time `json:"started_at"`
		RetryAt   time.Time `json:"retry_at"`
		LastExit  struct {
			At     time.Time
			Reason string
			Code   int
			Signal string
			OOM    bool `json:"out_of_memory"`
			Lines  []string
		} `json:"last_exit"`
		Health []struct {
			Asked, Problem string
			Good           bool
			At             time.Time
		}
	}
	appInfo struct {
		ID, URL, State string
		Release        int
		Instances      []instance
	}
	accepted struct {
		Number    int
		Operation string
	}
)

// tenant makes one with a name of its own.
func (b *Berth) tenant(name string) string {
	b.t.Helper()
	var out struct{ ID string }
	b.do("POST", "/api/v1/tenants", map[string]any{"name": name}, &out)
	return out.ID
}

// app makes an app.
func (b *Berth) app(tenant, name string) string {
	b.t.Helper()
	var out appInfo
	b.do("POST", "/api/v1/apps", map[string]any{"tenant": tenant, "name": name}, &out)
	return out.ID
}

// upload brings a version of the test app.
func (b *Berth) upload(app, label string, o testenv.ImageOptions) {
	b.t.Helper()
	o.Version = label
	f, err := os.Open(testenv.Archive(b.t, o))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	b.do("POST", "/api/v1/apps/"+app+"/versions?label="+url.QueryEscape(label), f, nil)
}

// release asks for a release and returns without waiting for it.
func (b *Berth) release(app string, body map[string]any) accepted {
	b.t.Helper()
	var out accepted
	b.do("POST", "/api/v1/apps/"+app+"/releases", body, &out)
	return out
}

// deploy releases a version and waits until it is online.
func (b *Berth) deploy(app string, body map[string]any) {
	b.t.Helper()
	b.succeeds(b.release(app, body).Operation)
}

// succeeds waits until an operation has, failing at once when it has not.
func (b *Berth) succeeds(id string) operation {
	b.t.Helper()
	op := b.ended(id)
	if op.Status != "succeeded" {
		b.t.Fatalf("operation %s: %+v", id, op)
	}
	return op
}

func (b *Berth) ended(id string) operation {
	b.t.Helper()
	var op operation
	b.eventually(90*time.Second, func() error {
		op = operation{}
		b.do("GET", "/api/v1/operations/"+id, nil, &op)
		if op.Status != "succeeded" && op.Status != "failed" {
			return fmt.Errorf("%+v", op)
		}
		return nil
	})
	return op
}

func (b *Berth) info(app string) appInfo {
	b.t.Helper()
	var out appInfo
	b.do("GET", "/api/v1/apps/"+app, nil, &out)
	return out
}

// answers waits until an app says through the gateway what it is expected to say.
func (b *Berth) answers(app, want string) {
	b.t.Helper()
	b.eventually(time.Minute, func() error {
		status, body, err := b.get(app, "/")
		if err != nil || status != 200 || !strings.Contains(body, want) {
			return fmt.Errorf("%d %q %v, want %q", status, body, err, want)
		}
		return nil
	})
}

func TestUploadDeployAndReach(t *testing.T) {
	t.Parallel()
	b := start(t)
	app := b.app(b.tenant("Acme"), "Tea shop")
	if app != "tea-shop" {
		t.Errorf("app id %q", app)
	}
	b.upload(app, "1.0", testenv.ImageOptions{})
	op := b.succeeds(b.release(app, map[string]any{"version": "1.0"}).Operation)
	names := []string{}
	for _, s := range op.Steps {
		names = append(names, s.Name)
		if s.Status != "succeeded" {
			t.Errorf("step %s is %s", s.Name, s.Status)
		}
	}
	if got := strings.Join(names, " "); got != "recorded placed fetched created started answering registered online" {
		t.Errorf("steps: %s", got)
	}
	b.answers(app, "version 1.0")
	info := b.info(app)
	if len(info.Instances) != 1 || info.Instances[0].Version != "1.0" || info.Release != 1 {
		t.Errorf("%+v", info)
	}
}
