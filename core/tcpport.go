package core

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// TCPPort is a port of the gateways that leads to an app, for what is no website: a database, a message broker. The
// gateways carry its connections to the app's instances as they are.
type TCPPort struct {
	AppID      string
	TenantID   string
	Port       int    // that clients connect to, on the gateways
	ServerName string // by which clients ask for it in TLS; "" for a port without TLS at the gateway
	TLS        TCPTLS
	Allow      []string // addresses and networks that may connect; none lets everybody
	Deny       []string // addresses and networks that may not, before Allow is asked
	Proxy      bool     // instances get the PROXY protocol, version 2
	Author     string
	CreatedAt  time.Time
}

// TCPPortInput is what a person says of a port.
type TCPPortInput struct {
	Port       int // 0 takes any that is free
	ServerName string
	TLS        TCPTLS
	Everybody  bool // lets all addresses connect; Allow is empty then, and only then
	Allow      []string
	Deny       []string
	Proxy      bool
}

// TCPPortView is a port as it is shown.
type TCPPortView struct {
	TCPPort
	Host    string // that programs connect to
	Counts  TCPCounts
	Counted bool // by a gateway; else there are no Counts
}

// MaxTCPPorts is how many an app may have.
const MaxTCPPorts = 10

// Validate reports every fault of p but whether its port may be had. Port 0 stands for any. Errors: EINVALID at
// "port", "server_name", "tls", "allow", "deny".
func (p TCPPort) Validate() error {
	var f Faults
	if p.Port < 0 || p.Port > 65535 {
		f.Add("port", "error.number_range", "min", "1", "max", "65535")
	}
	switch {
	case p.TLS != TCPPlain && p.TLS != TCPTerminate && p.TLS != TCPPassThrough:
		f.Add("tls", "error.tcp_tls")
	case p.TLS == TCPPlain && p.ServerName != "":
		f.Add("server_name", "error.tcp_name_plain")
	case p.TLS != TCPPlain && p.ServerName == "":
		f.Add("server_name", "error.tcp_name_missing")
	case p.ServerName != "" && (len(p.ServerName) > 253 || !domainPattern.MatchString(p.ServerName)):
		f.Add("server_name", "error.domain_malformed", "domain", p.ServerName)
	}
	validateNetworks(&f, "allow", p.Allow)
	validateNetworks(&f, "deny", p.Deny)
	return f.Err()
}

// Everybody reports whether all addresses may connect, but those of Deny.
func (p TCPPort) Everybody() bool { return len(p.Allow) == 0 }

// MayPresent reports whether the certificate of p's server name may be shown for the app, whose own name and domains
// these are: where TLS ends at the gateway, the name has to be the app's, or clients would take it for somebody else.
func (p TCPPort) MayPresent(own string, domains []Domain) bool {
	return p.TLS != TCPTerminate || p.ServerName == own || slices.ContainsFunc(domains, func(d Domain) bool {
		_, parent, _ := strings.Cut(p.ServerName, ".")
		return d.Verified && (d.Name == p.ServerName || d.Name == "*."+parent)
	})
}

// Route is what the gateways are told. weights are those of the release that serves.
func (p TCPPort) Route(weights map[string]int) TCPRoute {
	return TCPRoute{Port: p.Port, ServerName: p.ServerName, AppID: p.AppID, TLS: p.TLS, Allow: p.Allow, Deny: p.Deny,
		Proxy: p.Proxy, Weights: weights}
}

// Same reports whether two routes say the same.
func (t TCPRoute) Same(o TCPRoute) bool {
	return t.Port == o.Port && t.ServerName == o.ServerName && t.AppID == o.AppID && t.TLS == o.TLS && t.Proxy == o.Proxy &&
		slices.Equal(t.Allow, o.Allow) && slices.Equal(t.Deny, o.Deny) && maps.Equal(t.Weights, o.Weights)
}

// TCPPool is where gateways listen for TCP: the ports that apps can get. The zero value is none.
type TCPPool struct {
	Host     string // address that the gateways listen on; "" is all of theirs
	From, To int
	Taken    []TCPRange // what else this machine's ports are for, outside the pool
}

// TCPRange is ports from one to another, both included.
type TCPRange struct{ From, To int }

// Has reports whether p is in r.
func (r TCPRange) Has(p int) bool { return r.From <= p && p <= r.To }

// Off reports whether there is no pool.
func (p TCPPool) Off() bool { return p.From == 0 }

// Check says whether a port can be asked for; 0 stands for any. Errors: ECONFLICT at "port" when there is no pool, and
// for a port that is used for something else, such as 22 and those of Berth itself; EINVALID at "port" for another
// one outside the pool.
func (p TCPPool) Check(port int) error {
	switch {
	case p.Off():
		return Conflict("port", "error.tcp_off")
	case port == 0 || p.From <= port && port <= p.To:
		return nil
	case slices.ContainsFunc(p.Taken, func(r TCPRange) bool { return r.Has(port) }):
		return Conflict("port", "error.tcp_port_used", "port", itoa(port))
	}
	return Invalid("port", "error.tcp_port_range", "from", itoa(p.From), "to", itoa(p.To))
}

// TCPPortStore keeps the ports. Every method is scoped by the actor.
type TCPPortStore interface {
	// Create adds p. Port 0 takes one of the pool that nobody has, the next behind the one taken last, so that one
	// that was given back rests for long. A port belongs to one tenant, whose apps may share it by server names.
	// Errors: ECONFLICT at "port" when it is taken or none is left, at "server_name" when the port has the name
	// already, without a field when the app has MaxTCPPorts; ENOTFOUND.
	Create(ctx context.Context, p TCPPort, pool TCPPool) (TCPPort, error)
	// Get returns one. Errors: ENOTFOUND.
	Get(ctx context.Context, appID string, port int, serverName string) (TCPPort, error)
	// List returns those of an app, or all visible ones for "", by port and server name.
	List(ctx context.Context, appID string) ([]TCPPort, error)
	// Update writes TLS, Allow, Deny and Proxy. Errors: ENOTFOUND.
	Update(ctx context.Context, p TCPPort) error
	// Delete removes one. Errors: ENOTFOUND.
	Delete(ctx context.Context, appID string, port int, serverName string) error
}

// TCPCounts are counts of the connections of one TCP port since the gateways know it.
type TCPCounts struct {
	Listening bool   // all gateways accept connections
	Problem   string // of the operating system, when one does not

	NoCertificate bool // TLS is to end at the gateway, which has no certificate for the name yet

	Open     int64
	Total    int64 // that were let in
	Refused  int64 // by the lists, by the limit of connections, or because the client named no known server
	Failed   int64 // that no instance took
	BytesIn  int64 // from clients
	BytesOut int64 // to clients
}

// Plus is the sum of the counts of several gateways, or ports.
func (c TCPCounts) Plus(o TCPCounts) TCPCounts {
	return TCPCounts{Listening: c.Listening && o.Listening, Problem: cmp.Or(c.Problem, o.Problem), NoCertificate: c.NoCertificate || o.NoCertificate,
		Open: c.Open + o.Open, Total: c.Total + o.Total, Refused: c.Refused + o.Refused, Failed: c.Failed + o.Failed, BytesIn: c.BytesIn + o.BytesIn, BytesOut: c.BytesOut + o.BytesOut}
}

// Ended is what stays of the counts of a process that has ended: nothing but what Plus adds up.
func (c TCPCounts) Ended() TCPCounts {
	c.Listening, c.Problem, c.NoCertificate, c.Open = true, "", false, 0
	return c
}

// TCPPortCounts are the counts of one port of an app.
type TCPPortCounts struct {
	AppID string
	ID    string // of its route
	TCPCounts
}

// TCPTraffic counts what the gateways carried.
type TCPTraffic interface {
	// TCP returns the counts of an app's ports by the ids of their routes.
	TCP(appID string) map[string]TCPCounts
}
