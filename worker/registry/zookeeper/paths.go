package zookeeper

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"berth/core"
)

// The roots of what is published; what lies below is told in docs/zookeeper.md.
const (
	addressRoot = "/caas/service/address"
	configRoot  = "/caas/service/config"
	routeRoot   = "/caas/gateway/route"
	gatewayRoot = "/caas/gateway/node"
)

// How many levels below its root the nodes that hold something lie.
const (
	addressDepth = 3 // app, version, container
	routeDepth   = 1 // domain
)

func addressPath(a core.Address) string {
	return path.Join(addressRoot, a.AppID, a.Version, a.ContainerID)
}
func routePath(domain string) string { return path.Join(routeRoot, domain) }
func configPath(appID string) string { return path.Join(configRoot, appID) }
func gatewayPath(id string) string   { return path.Join(gatewayRoot, id) }

// validatePlace checks where an address lies and not what it is.
func validatePlace(a core.Address) error {
	a.Address = "0.0.0.0:1"
	return a.Validate()
}

func validateDomain(domain string) error {
	return core.Route{Domain: domain, AppID: "any", State: core.RouteOnline}.Validate()
}

// parseAddress reads a node of addressRoot. The error says what is wrong with it, for the operator.
func parseAddress(node string, data []byte) (core.Address, error) {
	names := strings.Split(strings.TrimPrefix(node, addressRoot+"/"), "/")
	if len(names) != addressDepth {
		return core.Address{}, fmt.Errorf("an address lies at app/version/container")
	}
	a := core.Address{AppID: names[0], Version: names[1], ContainerID: names[2], Address: string(data)}
	if a.Validate() != nil {
		return core.Address{}, fmt.Errorf("%s is not an ip:port of an app, a version and a container", excerpt(data))
	}
	return a, nil
}

// parseRoute reads a node of routeRoot. A route without a state is online; one without a domain has its node's name.
func parseRoute(node string, data []byte) (core.Route, error) {
	name := path.Base(node)
	r := core.Route{Domain: name, State: core.RouteOnline}
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return core.Route{}, fmt.Errorf("%s is not a JSON object", excerpt(data))
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return core.Route{}, fmt.Errorf("%s is not a route: %w", excerpt(data), err)
	}
	if r.Domain != name {
		return core.Route{}, fmt.Errorf("it says domain %s but lies at another", excerpt([]byte(r.Domain)))
	}
	if err := r.Validate(); err != nil {
		return core.Route{}, fmt.Errorf("%s is not a route: %w", excerpt(data), err)
	}
	return r, nil
}

// excerpt quotes the beginning of what may be anything.
func excerpt(data []byte) string {
	const most = 80
	if len(data) > most {
		return fmt.Sprintf("%q...", data[:most])
	}
	return fmt.Sprintf("%q", data)
}
