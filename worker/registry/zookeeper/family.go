package zookeeper

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"berth/core"
)

// familyDepth is how many levels below its root an entry of a family lies.
const familyDepth = 1

// A family is a kind of JSON entries that lie side by side below a root, each at its name.
type family[T interface{ Validate() error }] struct {
	root  string
	name  func(T) string
	blank func(name string) T // what is left out of the JSON of a node has these values
}

var (
	routes = family[core.Route]{"/caas/gateway/route",
		func(r core.Route) string { return r.Domain },
		func(name string) core.Route { return core.Route{Domain: name, State: core.RouteOnline} }}
	tcpRoutes = family[core.TCPRoute]{"/caas/gateway/tcp",
		core.TCPRoute.ID,
		func(string) core.TCPRoute { return core.TCPRoute{} }}
	certificates = family[core.PublishedCertificate]{"/caas/gateway/certificate",
		func(c core.PublishedCertificate) string { return c.ID },
		func(name string) core.PublishedCertificate { return core.PublishedCertificate{ID: name} }}
	challenges = family[core.Challenge]{"/caas/gateway/challenge",
		func(c core.Challenge) string { return c.Token },
		func(name string) core.Challenge { return core.Challenge{Token: name} }}
	gateways = family[core.GatewayNode]{"/caas/gateway/node",
		func(n core.GatewayNode) string { return n.ID },
		func(name string) core.GatewayNode { return core.GatewayNode{ID: name} }}
)

func (f family[T]) path(v T) string { return path.Join(f.root, f.name(v)) }

func (f family[T]) put(ctx context.Context, s *session, v T) error {
	if err := v.Validate(); err != nil {
		return err
	}
	data, err := json.Marshal(v)
	if err != nil {
		return core.Wrap(err, core.EINTERNAL, "error.internal")
	}
	return s.put(ctx, f.path(v), data)
}

func (f family[T]) delete(ctx context.Context, s *session, name string) error {
	if !isNodeName(name) {
		return core.Invalid("id", "error.registry_name_malformed")
	}
	return s.remove(ctx, path.Join(f.root, name), f.root)
}

// list reads everything once, in the order of the names.
func (f family[T]) list(ctx context.Context, r *Registry) ([]T, error) {
	t, err := r.read(ctx, f.root, familyDepth)
	if err != nil {
		return nil, err
	}
	in := keep(f, r.refusals)
	for _, e := range t.changed() {
		in.update(e, new([]T), new([]string), new([]core.RefusedEntry))
	}
	all := make([]T, 0, len(in.entries))
	for _, node := range slices.Sorted(maps.Keys(in.entries)) {
		all = append(all, in.entries[node])
	}
	return all, nil
}

// parse reads a node. The error says what is wrong with it, for the operator.
func (f family[T]) parse(node string, data []byte) (T, error) {
	var none T
	name := path.Base(node)
	v := f.blank(name)
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return none, fmt.Errorf("%s is not a JSON object", excerpt(data))
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return none, fmt.Errorf("%s is not what belongs here: %w", excerpt(data), err)
	}
	if f.name(v) != name {
		return none, fmt.Errorf("it belongs at %s but lies at another name", excerpt([]byte(f.name(v))))
	}
	if err := v.Validate(); err != nil {
		return none, fmt.Errorf("%s is not what belongs here: %w", excerpt(data), err)
	}
	return v, nil
}

// isNodeName takes one level of a path.
func isNodeName(name string) bool {
	return name != "" && name != "." && name != ".." &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == '/' || r < ' ' || r == 0x7f || r == 0xfffd })
}
