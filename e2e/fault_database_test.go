package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// TestTheDatabaseServerFreezes is fault F8 with a server of its own: a MariaDB answers nothing for half a minute. Changes
// are refused in time; requests, health checks, measurements and the collecting of lines go on; what died meanwhile is
// mended, what was pending is told, and nothing is lost or doubled when the server is back.
func TestTheDatabaseServerFreezes(t *testing.T) {
	t.Parallel()
	m, receiver, c := testenv.StartMariaDB(t), listenForAlerts(t), testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2, "health": map[string]any{"path": "/healthz", "interval": "1s"}},
		withArgs("--database", "mysql", "--database-dsn", m.DSN("berth"), "--outbound-networks", "127.0.0.0/8"))
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	l := b.load(app, "GET", "/")
	team := "/api/v1/tenants/acme"
	b.do("POST", team+"/alert-channels", map[string]any{"name": "Hook", "kind": "webhook", "url": receiver.URL, "secret": hookSecret}, nil)
	b.do("POST", team+"/alert-rules", map[string]any{"kind": "metric", "metric": "requests", "threshold": 1, "window": "15s", "for": "15s", "severity": "warning"}, nil)
	b.eventually(time.Minute, func() error { return b.alerts("acme", "pending", 1) })
	list := b.containers(c, app)
	victim, witness := list[0], b.instanceOf(app, list[1].Labels[core.LabelInstance])

	m.Freeze()
	frozen := time.Now()
	status, after, err := b.change("/api/v1/tenants", `{"name": "Late"}`)
	if took := time.Since(frozen); err != nil || status != 503 || after == "" || took > 10*time.Second {
		t.Errorf("a change: %d after %s, to be tried again after %q s: %v", status, took, after, err)
	} else {
		t.Logf("a change was refused after %s", took.Round(time.Millisecond))
	}
	if err := c.ContainerKill(t.Context(), victim.ID, "KILL"); err != nil {
		t.Fatal(err)
	}
	numbers := 0
	for ; time.Since(frozen) < 30*time.Second; numbers++ {
		res, err := http.Get("http://" + witness.Address + "/log?line=" + url.QueryEscape(fmt.Sprint("number ", numbers)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		time.Sleep(50 * time.Millisecond)
	}
	m.Thaw()
	thawed := time.Now()

	meanwhile := 0
	b.eventually(10*time.Second, func() error { return b.reads(app) })
	for _, a := range b.instanceOf(app, witness.ID).Health {
		if a.At.After(frozen) && a.At.Before(thawed) && a.Good {
			meanwhile++
		}
	}
	if meanwhile < 3 {
		t.Errorf("%d health checks while the server was frozen", meanwhile)
	}
	b.eventually(time.Minute, func() error { return b.event(app, "crashed", "") })
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	t.Logf("mended %s after the server was back", time.Since(thawed).Round(time.Millisecond))
	b.awaitNumbers(app, numbers)
	measured := 0
	for _, p := range b.metric(app, "memory").Series[0].Points {
		if at := int64(p[0]); at > frozen.Unix() && at < thawed.Unix() {
			measured++
		}
	}
	if measured < 3 {
		t.Errorf("%d measurements while the server was frozen", measured)
	}
	b.eventually(time.Minute, func() error {
		if len(receiver.told()) == 0 {
			return fmt.Errorf("nobody was told: %s", b.events(app))
		}
		return nil
	})
	l.none(t)
	if n := b.count(app, "crashed"); n != 1 {
		t.Errorf("one crash became %d: %s", n, b.events(app))
	}
	if told := receiver.told(); len(told) != 1 || told[0].State != "firing" || b.count(app, "alert_fired") != 1 {
		t.Errorf("told: %+v; %s", told, b.events(app))
	}
}

// change posts a body and returns the status, and after how many seconds it may be tried again.
func (b *Berth) change(path, body string) (status int, retryAfter string, err error) {
	req, err := http.NewRequest("POST", b.Portal+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After"), nil
}

// reads reports whether the API can say how an app is.
func (b *Berth) reads(app string) error {
	_, err := b.call("GET", "/api/v1/apps/"+app, nil, nil)
	return err
}

// instanceOf returns an instance of an app.
func (b *Berth) instanceOf(app, id string) instance {
	b.t.Helper()
	for _, i := range b.info(app).Instances {
		if i.ID == id {
			return i
		}
	}
	b.t.Fatalf("%s has no instance %s", app, id)
	return instance{}
}

// count returns how many events of a kind are on an app's timeline.
func (b *Berth) count(app, kind string) (n int) {
	b.t.Helper()
	var events struct{ Items []struct{ Kind string } }
	b.do("GET", "/api/v1/apps/"+app+"/events", nil, &events)
	for _, e := range events.Items {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// alerts reports whether a tenant has so many alerts of a state.
func (b *Berth) alerts(tenant, state string, want int) error {
	var list struct{ Items []struct{ ID string } }
	b.do("GET", "/api/v1/tenants/"+tenant+"/alerts?state="+state, nil, &list)
	if len(list.Items) != want {
		return fmt.Errorf("%d alerts are %s, want %d", len(list.Items), state, want)
	}
	return nil
}
