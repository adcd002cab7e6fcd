package service

import (
	"context"
	"slices"
	"testing"

	"berth/core"
)

func newTCPWorld(t *testing.T) (w *world, tina context.Context, appID string) {
	w = newWorld(t)
	w.deps.TCPPool = core.TCPPool{From: 30000, To: 30001, Taken: []core.TCPRange{{From: 22, To: 22}, {From: 8080, To: 8080}, {From: 25700, To: 29999}}}
	w.Service = New(w.deps)
	tina = w.member("tea", core.RoleDeveloper)
	app, _, err := w.CreateApp(tina, core.NewApp{TenantID: "tea", Name: "Broker"})
	w.must(err)
	return w, tina, app.ID
}

func TestTCPPort(t *testing.T) {
	w, tina, id := newTCPWorld(t)
	v, err := w.OpenTCPPort(tina, id, core.TCPPortInput{Allow: []string{"192.0.2.0/24"}, Proxy: true})
	w.must(err)
	if v.Port != 30000 || v.Host != "localhost" || v.Author != "Tina" || v.Everybody() || !w.waker.woken(id) {
		t.Errorf("%+v", v)
	}
	_, err = w.ChangeTCPPort(tina, id, core.TCPPortInput{Port: 30000, Everybody: true})
	w.must(err)
	views, err := w.TCPPorts(tina, id)
	w.must(err)
	if len(views) != 1 || !views[0].Everybody() || views[0].Proxy || views[0].Counted {
		t.Errorf("%+v", views)
	}
	secure, err := w.OpenTCPPort(tina, id, core.TCPPortInput{TLS: core.TCPTerminate, Everybody: true})
	w.must(err)
	if secure.ServerName != id+".localhost" || secure.Host != secure.ServerName {
		t.Errorf("%+v", secure)
	}
	w.must(w.CloseTCPPort(tina, id, 30000, ""))
	w.must(w.CloseTCPPort(tina, id, secure.Port, secure.ServerName))
	entries, _, err := w.store.Audit().List(w.operator(), core.AuditFilter{AppID: id, Action: "port"})
	w.must(err)
	var actions []string
	for _, e := range entries {
		actions = append(actions, e.Action+" "+e.Object)
	}
	if want := []string{"port.close broker.localhost:30001", "port.close localhost:30000", "port.open broker.localhost:30001",
		"port.change localhost:30000", "port.open localhost:30000"}; !slices.Equal(actions, want) {
		t.Errorf("%q", actions)
	}
}

// What changes who may connect reaches the gateways at once, and not when everything is compared the next time.
func TestTCPPortsArePublished(t *testing.T) {
	w, tina, id := newTCPWorld(t)
	published := func(what string, change func() error) {
		t.Helper()
		told := &waker{}
		w.deps.Publisher = told
		w.Service = New(w.deps)
		w.must(change())
		if !told.woken(id) {
			t.Errorf("a port was %s, and the gateways are not told", what)
		}
	}
	published("opened", func() error {
		_, err := w.OpenTCPPort(tina, id, core.TCPPortInput{Everybody: true})
		return err
	})
	published("changed", func() error {
		_, err := w.ChangeTCPPort(tina, id, core.TCPPortInput{Port: 30000, Allow: []string{"192.0.2.1"}})
		return err
	})
	published("closed", func() error { return w.CloseTCPPort(tina, id, 30000, "") })
}

// Row 14: what is no port for an app, and what would open more than was meant.
func TestTCPPortRefused(t *testing.T) {
	w, tina, id := newTCPWorld(t)
	other := w.member("coffee", core.RoleDeveloper)
	foreign, _, err := w.CreateApp(other, core.NewApp{TenantID: "coffee", Name: "Foreign"})
	w.must(err)
	_, err = w.OpenTCPPort(other, foreign.ID, core.TCPPortInput{Port: 30001, Everybody: true})
	w.must(err)
	for name, c := range map[string]struct {
		in    core.TCPPortInput
		code  core.Code
		field string
	}{
		"the machine's shell":  {core.TCPPortInput{Port: 22, Everybody: true}, core.ECONFLICT, "port"},
		"the portal's own":     {core.TCPPortInput{Port: 8080, Everybody: true}, core.ECONFLICT, "port"},
		"an instance's":        {core.TCPPortInput{Port: 25701, Everybody: true}, core.ECONFLICT, "port"},
		"another tenant's":     {core.TCPPortInput{Port: 30001, Everybody: true}, core.ECONFLICT, "port"},
		"outside the pool":     {core.TCPPortInput{Port: 30002, Everybody: true}, core.EINVALID, "port"},
		"negative":             {core.TCPPortInput{Port: -1, Everybody: true}, core.EINVALID, "port"},
		"too large":            {core.TCPPortInput{Port: 65536, Everybody: true}, core.EINVALID, "port"},
		"for nobody":           {core.TCPPortInput{}, core.EINVALID, "allow"},
		"everybody and some":   {core.TCPPortInput{Everybody: true, Allow: []string{"192.0.2.1"}}, core.EINVALID, "everybody"},
		"no network":           {core.TCPPortInput{Allow: []string{"192.0.2.1; id"}}, core.EINVALID, "allow"},
		"no network to refuse": {core.TCPPortInput{Everybody: true, Deny: []string{"a/b"}}, core.EINVALID, "deny"},
		"another TLS":          {core.TCPPortInput{Everybody: true, TLS: "x"}, core.EINVALID, "tls"},
		"a name without TLS":   {core.TCPPortInput{Everybody: true, ServerName: "db.example.com"}, core.EINVALID, "server_name"},
		"TLS without a name":   {core.TCPPortInput{Everybody: true, TLS: core.TCPPassThrough}, core.EINVALID, "server_name"},
		"another's name":       {core.TCPPortInput{Everybody: true, TLS: core.TCPTerminate, ServerName: "foreign.localhost"}, core.EINVALID, "server_name"},
		"a name with a path":   {core.TCPPortInput{Everybody: true, TLS: core.TCPPassThrough, ServerName: "../x"}, core.EINVALID, "server_name"},
	} {
		_, err := w.OpenTCPPort(tina, id, c.in)
		e, ok := err.(*core.Error)
		if !ok || e.Code != c.code || len(e.Fields) == 0 || e.Fields[0].Field != c.field {
			t.Errorf("%s: got %v, want %s at %s", name, err, c.code, c.field)
		}
	}
	if _, err := w.TCPPorts(other, id); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
	if err := w.CloseTCPPort(tina, foreign.ID, 30001, ""); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
	if err := w.CloseTCPPort(tina, id, 30001, ""); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
	w.Service.tcpPool = core.TCPPool{}
	if _, err := w.OpenTCPPort(tina, id, core.TCPPortInput{Everybody: true}); core.ErrorCode(err) != core.ECONFLICT {
		t.Error(err)
	}
}
