package core

import (
	"context"
	"maps"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

// Registry tells the gateways which healthy instances there are and which names lead to them. The worker writes it,
// gateways and other tools read it. The paths in ZooKeeper are a contract; see docs/zookeeper.md.
type Registry interface {
	// Register publishes an address; the same again is no change. Errors: EUNAVAILABLE.
	Register(ctx context.Context, a Address) error
	// Deregister removes an address; removing what is absent is no error. Errors: EUNAVAILABLE.
	Deregister(ctx context.Context, a Address) error
	// Addresses returns all that is published. Errors: EUNAVAILABLE.
	Addresses(ctx context.Context) ([]Address, error)
	// PutRoute publishes where a domain leads. Errors: EUNAVAILABLE.
	PutRoute(ctx context.Context, r Route) error
	// DeleteRoute removes a domain; removing what is absent is no error. Errors: EUNAVAILABLE.
	DeleteRoute(ctx context.Context, domain string) error
	// Routes returns all that is published. Errors: EUNAVAILABLE.
	Routes(ctx context.Context) ([]Route, error)
	// PutTCPRoute publishes where a TCP port leads; it lies under its ID. Errors: EINVALID, EUNAVAILABLE.
	PutTCPRoute(ctx context.Context, r TCPRoute) error
	// DeleteTCPRoute removes one; removing what is absent is no error. Errors: EINVALID, EUNAVAILABLE.
	DeleteTCPRoute(ctx context.Context, id string) error
	// TCPRoutes returns all that is published. Errors: EUNAVAILABLE.
	TCPRoutes(ctx context.Context) ([]TCPRoute, error)
	// PutCertificate publishes a certificate with its sealed key. Errors: EINVALID, ETOOLARGE, EUNAVAILABLE.
	PutCertificate(ctx context.Context, c PublishedCertificate) error
	// DeleteCertificate removes one; removing what is absent is no error. Errors: EINVALID, EUNAVAILABLE.
	DeleteCertificate(ctx context.Context, id string) error
	// Certificates returns all that is published. Errors: EUNAVAILABLE.
	Certificates(ctx context.Context) ([]PublishedCertificate, error)
	// PutChallenge publishes what a certificate authority will ask for. Errors: EINVALID, EUNAVAILABLE.
	PutChallenge(ctx context.Context, c Challenge) error
	// DeleteChallenge removes one; removing what is absent is no error. Errors: EINVALID, EUNAVAILABLE.
	DeleteChallenge(ctx context.Context, token string) error
	// Challenges returns all that is published. Errors: EUNAVAILABLE.
	Challenges(ctx context.Context) ([]Challenge, error)
	// PutConfig publishes an app's configuration, JSON. Errors: EUNAVAILABLE.
	PutConfig(ctx context.Context, appID string, config []byte) error
	// DeleteConfig removes it; removing what is absent is no error. Errors: EUNAVAILABLE.
	DeleteConfig(ctx context.Context, appID string) error
	// Watch calls apply with everything first (Reset), then with every change, until ctx ends. While the registry is
	// out of reach nothing is called: the last known stays in force. It returns only when ctx has ended.
	Watch(ctx context.Context, apply func(RegistryChange)) error
	// Announce publishes a running gateway for as long as this process lives and ctx has not ended. It returns at
	// once and goes on trying while the registry is out of reach; the same again is no change.
	Announce(ctx context.Context, n GatewayNode) error
	// Gateways returns the gateways that run, by id. Errors: EUNAVAILABLE.
	Gateways(ctx context.Context) ([]GatewayNode, error)
	// Contact returns when the registry last answered, for showing the age of what is served.
	Contact() time.Time
}

// FillableRegistry is a registry that begins empty, as that of a process of its own does. Its watches begin when
// every part of it is filled, so that nobody takes for gone what is not published yet.
type FillableRegistry interface {
	Registry
	// Filled says that everything of a part has been published once. Only the worker calls it; again is no change.
	Filled(RegistryPart)
}

// RegistryPart is what one of the worker's loops publishes.
type RegistryPart string

// The parts of a registry.
const (
	RegistryRoutes       RegistryPart = "routes" // with addresses, TCP routes and configurations
	RegistryCertificates RegistryPart = "certificates"
)

// Address is where a healthy instance answers. At /caas/service/address/{appId}/{version}/{containerId} lies
// exactly "{hostIP}:{port}".
type Address struct {
	AppID       string
	Version     string // label
	ContainerID string
	Address     string // "ip:port"
}

// Validate reports every fault of a: what would not be a path of the registry, or lead nowhere. Errors: EINVALID at
// "appId", "version", "containerId", "address".
func (a Address) Validate() error {
	var f Faults
	f.Merge("", ValidateLabel("appId", a.AppID))
	f.Merge("", ValidateLabel("version", a.Version))
	f.Merge("", ValidateLabel("containerId", a.ContainerID))
	if p, err := netip.ParseAddrPort(a.Address); err != nil || p.Port() == 0 {
		f.Add("address", "error.address_malformed", "address", a.Address)
	}
	return f.Err()
}

// Route says where a domain leads.
type Route struct {
	Domain  string         `json:"domain"` // lower case, no port
	AppID   string         `json:"appId"`
	Weights map[string]int `json:"weights,omitempty"` // version label -> percent
	State   RouteState     `json:"state"`
	Rules   *Rules         `json:"rules,omitempty"` // of the app's serving release; nil for none

	Wakes    bool   `json:"wakes,omitempty"`    // with no instance, requests wait for one: they wake the app
	HTTPS    bool   `json:"https,omitempty"`    // plain requests are redirected to HTTPS
	Redirect string `json:"redirect,omitempty"` // another domain that every request is redirected to; "" for none
}

var domainPattern = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$`)

// routeDomain takes what a route may be for: a name, or "*." and a name for all names one label longer.
func routeDomain(name string) bool {
	return len(name) <= 253 && domainPattern.MatchString(strings.TrimPrefix(name, "*."))
}

// Validate reports every fault of r. Errors: EINVALID at "domain", "appId", "weights", "state", "redirect", "rules".
func (r Route) Validate() error {
	var f Faults
	if !routeDomain(r.Domain) {
		f.Add("domain", "error.domain_malformed", "domain", r.Domain)
	}
	if r.Redirect != "" && !domainPattern.MatchString(r.Redirect) {
		f.Add("redirect", "error.domain_malformed", "domain", r.Redirect)
	}
	if r.Rules != nil {
		f.Merge("rules", r.Rules.Validate())
	}
	f.Merge("", ValidateLabel("appId", r.AppID))
	for label, weight := range r.Weights {
		f.Merge("weights", ValidateLabel(label, label))
		if weight < 0 || weight > 100 {
			f.Add("weights."+label, "error.number_range", "min", "0", "max", "100")
		}
	}
	if r.State != RouteOnline && r.State != RouteStarting && r.State != RouteStopped {
		f.Add("state", "error.route_state", "state", string(r.State))
	}
	return f.Err()
}

// Equal reports whether two routes say the same.
func (r Route) Equal(o Route) bool {
	same := r.Domain == o.Domain && r.AppID == o.AppID && r.State == o.State && r.Wakes == o.Wakes && r.HTTPS == o.HTTPS &&
		r.Redirect == o.Redirect && maps.Equal(r.Weights, o.Weights)
	if !same || r.Rules == nil || o.Rules == nil {
		return same && r.Rules == o.Rules
	}
	return r.Rules.Equal(*o.Rules)
}

// RouteState says what a visitor gets when no instance is there to answer.
type RouteState string

const (
	RouteOnline   RouteState = "online"
	RouteStarting RouteState = "starting"
	RouteStopped  RouteState = "stopped"
)

// RegistryChange is what changed since the last call of a watch.
type RegistryChange struct {
	Reset         bool                 // what is told is everything there is, of every kind
	Routes        []Route              // new or changed
	RemovedRoutes []string             // domains
	Apps          map[string][]Address // app id -> all its addresses now; empty when there are none

	TCPRoutes           []TCPRoute // new or changed
	RemovedTCPRoutes    []string   // ids
	Certificates        []PublishedCertificate
	RemovedCertificates []string // ids
	Challenges          []Challenge
	RemovedChallenges   []string // tokens

	Refused []RefusedEntry // entries that cannot be read; all others are in force
}

// RefusedEntry is a malformed entry of the registry.
type RefusedEntry struct {
	Path   string
	Reason string
}

// GatewayNode is a running gateway.
type GatewayNode struct {
	ID    string `json:"id"`
	Stats string `json:"stats"` // address of its counts
}

// Validate reports every fault of n. Errors: EINVALID at "id".
func (n GatewayNode) Validate() error { return ValidateLabel("id", n.ID) }
