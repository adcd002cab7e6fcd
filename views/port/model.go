// Package port shows how an app or a database is reached from outside.
package port

import (
	"context"
	"net"
	"strconv"
	"strings"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Page is the page.
type Page struct {
	Page  layout.Page
	Head  app.Head
	Off   bool // no ports can be had here
	Ports []core.TCPPortView
	New   ui.Form
	Edit  string  // id of the route whose form was sent and is wrong
	Form  ui.Form // of that one
}

// Who may connect, in a form.
const (
	Everybody = "everybody"
	Listed    = "listed"
)

// NewForm is the form of a new port, for the address from which somebody asks.
func NewForm(peer string) ui.Form {
	return ui.NewForm("who", Listed, "allow", peer, "tls", "none")
}

func formOf(v core.TCPPortView) ui.Form {
	f := ui.NewForm("who", Listed, "allow", strings.Join(v.Allow, "\n"), "deny", strings.Join(v.Deny, "\n"))
	if v.Everybody() {
		f.Values["who"] = Everybody
	}
	if v.Proxy {
		f.Values["proxy"] = "on"
	}
	return f
}

func (m Page) form(v core.TCPPortView) ui.Form {
	if m.Edit == id(v) {
		return m.Form
	}
	return formOf(v)
}

func id(v core.TCPPortView) string { return v.Route(nil).ID() }

func address(v core.TCPPortView) string { return net.JoinHostPort(v.Host, strconv.Itoa(v.Port)) }

// example is a command that connects.
func (m Page) example(v core.TCPPortView) string {
	port := strconv.Itoa(v.Port)
	entry := ""
	if m.Head.App.Service != nil {
		entry = m.Head.App.Service.Entry
	}
	switch secure := v.TLS != core.TCPPlain; {
	case entry == "redis" && secure:
		return "redis-cli --tls --sni " + v.Host + " -h " + v.Host + " -p " + port + " --askpass"
	case entry == "redis":
		return "redis-cli -h " + v.Host + " -p " + port + " --askpass"
	case entry == "mysql" && !secure:
		return "mysql --protocol=tcp -h " + v.Host + " -P " + port + " -u app -p"
	case entry == "postgresql":
		return "psql -h " + v.Host + " -p " + port + " -U app"
	case secure:
		return "openssl s_client -connect " + address(v) + " -servername " + v.Host
	}
	return "nc " + v.Host + " " + port
}

func who(ctx context.Context, v core.TCPPortView) string {
	if v.Everybody() {
		return i18n.T(ctx, "port.who_everybody")
	}
	return strings.Join(v.Allow, ", ")
}

func tlsText(ctx context.Context, v core.TCPPortView) string {
	switch v.TLS {
	case core.TCPTerminate:
		return i18n.T(ctx, "port.tls_terminate")
	case core.TCPPassThrough:
		return i18n.T(ctx, "port.tls_passthrough")
	}
	return i18n.T(ctx, "port.tls_none")
}

func counts(ctx context.Context, c core.TCPCounts) string {
	n := i18n.Number
	return i18n.T(ctx, "port.counts", "open", n(c.Open), "total", n(c.Total), "refused", n(c.Refused), "failed", n(c.Failed),
		"in", core.Bytes(c.BytesIn).Human(), "out", core.Bytes(c.BytesOut).Human())
}
