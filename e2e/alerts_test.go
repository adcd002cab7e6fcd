package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/e2e/testenv"
)

const hookSecret = "the secret of the hook of this test"

// hook is a receiver of alerts that checks who they are from.
type hook struct {
	*httptest.Server
	mu     sync.Mutex
	alerts []hookAlert
	tests  int
}

type hookAlert struct {
	ID, State, App, Text, Cause string
	BeganAt                     time.Time `json:"began_at"`
}

func listenForAlerts(t *testing.T) *hook {
	h := &hook{}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		m := hmac.New(sha256.New, []byte(hookSecret))
		fmt.Fprintf(m, "%s.%s", r.Header.Get("Berth-Timestamp"), body)
		if want := "sha256=" + hex.EncodeToString(m.Sum(nil)); r.Header.Get("Berth-Signature") != want {
			t.Errorf("signed %q, want %q", r.Header.Get("Berth-Signature"), want)
		}
		var d struct {
			Type   string
			Alerts []hookAlert
		}
		if err := json.Unmarshal(body, &d); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.alerts = append(h.alerts, d.Alerts...); d.Type == "test" {
			h.tests++
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hook) told() []hookAlert {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]hookAlert(nil), h.alerts...)
}

// TestAlerts: a crash that heals is told to nobody. An app that keeps crashing is told, once, to a webhook and by mail, and so
// is that it runs again, after a new release.
func TestAlerts(t *testing.T) {
	t.Parallel()
	post, receiver := testenv.StartSMTP(t), listenForAlerts(t)
	b, app := online(t, testenv.ImageOptions{}, nil, withArgs("--smtp-server", post.Address, "--smtp-tls", "none", "--smtp-from", "berth@example.com",
		"--outbound-networks", "127.0.0.0/8"))
	team := "/api/v1/tenants/acme"
	for _, c := range []map[string]any{
		{"name": "Hook", "kind": "webhook", "url": receiver.URL, "secret": hookSecret},
		{"name": "On call", "kind": "email", "to": []string{"oncall@example.com"}},
	} {
		var made struct{ ID string }
		b.do("POST", team+"/alert-channels", c, &made)
		b.do("POST", team+"/alert-channels/"+made.ID+"/test", nil, nil)
	}
	if mails := post.Taken(); receiver.tests != 1 || len(mails) != 1 || mails[0].To != "oncall@example.com" {
		t.Fatalf("tested: %d at the hook, %+v by mail", receiver.tests, mails)
	}
	b.do("PUT", team+"/alert-rules/default-health", map[string]any{"kind": "health", "for": "15s", "severity": "critical"}, nil)

	b.get(app, "/crash?code=3")
	b.answers(app, "version 1.0")
	b.eventually(time.Minute, func() error { return b.event(app, "healed", "") })

	began := time.Now()
	b.eventually(4*time.Minute, func() error {
		b.get(app, "/crash?code=7")
		if len(receiver.told()) == 0 || len(post.Taken()) < 2 {
			return fmt.Errorf("nobody was told: %s", b.events(app))
		}
		return nil
	})
	t.Logf("told %s after the crash loop began", time.Since(began).Round(time.Second))
	first := receiver.told()[0]
	if first.State != "firing" || first.App != app || first.BeganAt.Before(began) || !strings.Contains(first.Cause, "7") {
		t.Errorf("%+v", first)
	}
	if mail := post.Taken()[1]; !strings.Contains(mail.Text, "Shop") || !strings.Contains(mail.Text, first.Text) || !strings.Contains(mail.Text, b.Portal+"/alerts?tenant=acme") {
		t.Errorf("%+v", mail)
	}
	if err := b.event(app, "alert_fired", ""); err != nil {
		t.Error(err)
	}

	b.upload(app, "1.1", testenv.ImageOptions{Version: "1.1"})
	b.deploy(app, map[string]any{"version": "1.1"})
	b.eventually(3*time.Minute, func() error {
		if len(receiver.told()) < 2 || len(post.Taken()) < 3 {
			return fmt.Errorf("that it runs again was not told: %+v", receiver.told())
		}
		return nil
	})
	if told := receiver.told(); len(told) != 2 || told[1].State != "resolved" || told[1].ID != first.ID || len(post.Taken()) != 3 {
		t.Errorf("told: %+v and %d mails", told, len(post.Taken()))
	}
	if err := b.event(app, "alert_resolved", ""); err != nil {
		t.Error(err)
	}
	var history struct{ Items []struct{ ID, State string } }
	b.do("GET", team+"/alerts", nil, &history)
	if len(history.Items) != 1 || history.Items[0].State != "resolved" {
		t.Errorf("the history is %+v", history.Items)
	}
}
