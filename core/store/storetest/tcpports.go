package storetest

import (
	"time"

	"berth/core"
)

// tcpPool is wide, since the tests of a database share its ports.
var tcpPool = core.TCPPool{From: 10000, To: 60000}

func (w *world) newTCPPort(serverName string) core.TCPPort {
	w.Helper()
	p := core.TCPPort{AppID: w.app.ID, TenantID: w.tenant.ID, ServerName: serverName, Allow: []string{"192.0.2.0/24"},
		Deny: []string{"192.0.2.7"}, Proxy: true, Author: "Alice", CreatedAt: time.Now()}
	if serverName != "" {
		p.TLS = core.TCPPassThrough
	}
	p, err := w.TCPPorts().Create(w.alice, p, tcpPool)
	w.ok(err)
	return p
}

func testTCPPorts(w *world) {
	p := w.newTCPPort("")
	check(w, p)(w.TCPPorts().Get(w.alice, w.app.ID, p.Port, ""))
	named := w.newTCPPort("db.example.com")
	if named.Port == p.Port || named.Port == 0 {
		w.Fatalf("ports %d and %d", p.Port, named.Port)
	}
	check(w, []core.TCPPort{p, named})(w.TCPPorts().List(w.alice, w.app.ID))
	empty(w)(w.TCPPorts().List(w.bob, ""))

	p.Allow, p.Deny, p.Proxy = nil, nil, false
	w.ok(w.TCPPorts().Update(w.alice, p))
	check(w, p)(w.TCPPorts().Get(w.alice, w.app.ID, p.Port, ""))
	w.ok(w.TCPPorts().Delete(w.alice, w.app.ID, p.Port, ""))
	_, err := w.TCPPorts().Get(w.alice, w.app.ID, p.Port, "")
	w.fails(err, core.ENOTFOUND)
	w.fails(w.TCPPorts().Delete(w.alice, w.app.ID, p.Port, ""), core.ENOTFOUND)
	if again := w.newTCPPort(""); again.Port == p.Port {
		w.Errorf("port %d was given away again at once", p.Port)
	}
	w.ok(w.Apps().Delete(w.system, w.app.ID))
	empty(w)(w.TCPPorts().List(w.system, w.app.ID))
}

// testTCPPortTaken: a port is one tenant's, and shared by names of servers only.
func testTCPPortTaken(w *world) {
	named := w.newTCPPort("a.example.com")
	try := func(p core.TCPPort, change func(p *core.TCPPort)) error {
		change(&p)
		ctx := w.alice
		if p.TenantID == w.other.ID {
			ctx = w.bob
		}
		_, err := w.TCPPorts().Create(ctx, p, tcpPool)
		return err
	}
	foreign := w.newApp(w.other, "Foreign")
	w.ok(try(named, func(p *core.TCPPort) { p.ServerName = "b.example.com" }))
	w.fails(try(named, func(p *core.TCPPort) {}), core.ECONFLICT, "server_name")
	w.fails(try(named, func(p *core.TCPPort) { p.ServerName, p.TLS = "", core.TCPPlain }), core.ECONFLICT, "port")
	w.fails(try(named, func(p *core.TCPPort) {
		p.AppID, p.TenantID, p.ServerName = foreign.ID, w.other.ID, "c.example.com"
	}), core.ECONFLICT, "port")
	w.fails(try(named, func(p *core.TCPPort) { p.TenantID, p.Port = w.other.ID, 0 }), core.ENOTFOUND)

	plain := w.newTCPPort("")
	w.fails(try(plain, func(p *core.TCPPort) { p.ServerName, p.TLS = "d.example.com", core.TCPPassThrough }), core.ECONFLICT, "port")
	for range core.MaxTCPPorts - 3 {
		w.newTCPPort("")
	}
	w.fails(try(plain, func(p *core.TCPPort) { p.Port = 0 }), core.ECONFLICT)
}

func raceLastTCPPort(w *world, other core.Store) {
	taken := w.newTCPPort("")
	pool := core.TCPPool{From: taken.Port, To: taken.Port + 1}
	w.oneWins(atOnce(w.Store, other, func(s core.Store, i int) error {
		_, err := s.TCPPorts().Create(w.alice, core.TCPPort{AppID: w.app.ID, TenantID: w.tenant.ID}, pool)
		return err
	}), core.ECONFLICT)
}

// raceTCPPortOfTwo: one port, asked for by two tenants with different names, is one tenant's.
func raceTCPPortOfTwo(w *world, other core.Store) {
	foreign := w.newApp(w.other, "Foreign")
	probe := w.newTCPPort("")
	w.ok(w.TCPPorts().Delete(w.alice, w.app.ID, probe.Port, ""))
	errs := atOnce(w.Store, other, func(s core.Store, i int) error {
		p := core.TCPPort{AppID: w.app.ID, TenantID: w.tenant.ID, Port: probe.Port, TLS: core.TCPPassThrough, ServerName: "a.example.com"}
		ctx := w.alice
		if i%2 == 0 {
			p.AppID, p.TenantID, p.ServerName, ctx = foreign.ID, w.other.ID, "b.example.com", w.bob
		}
		_, err := s.TCPPorts().Create(ctx, p, tcpPool)
		return err
	})
	w.oneWins(errs, core.ECONFLICT)
}
