package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/netip"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"

	"berth/core"
)

// bridgePrefix begins the name of the host's interface of every tenant's network. The rules that keep tenants apart
// know networks by it, whichever installation made them.
const bridgePrefix = "bth"

func (e *Engine) networkName(tenantID string) string {
	return "berth-" + shorten(e.opts.Installation) + "-" + tenantID
}

func (e *Engine) bridgeName(tenantID string) string {
	sum := sha256.Sum256([]byte(e.networkName(tenantID)))
	return bridgePrefix + hex.EncodeToString(sum[:6]) // an interface's name has 15 characters at most
}

func shorten(installation string) string { return installation[:min(8, len(installation))] }

// EnsureNetwork makes the tenant's own network, isolated from the host and from other tenants. Errors: EUNAVAILABLE
// when the engine does not answer, or when its bridges are not on this machine or the rules cannot be set;
// ECONFLICT when the pool of networks is used up.
func (e *Engine) EnsureNetwork(ctx context.Context, tenantID string) error {
	if !core.ValidEngineName(tenantID) {
		return core.Invalid("tenant", "error.engine_spec", "field", "tenant")
	}
	_, err := e.api.NetworkInspect(ctx, e.networkName(tenantID), network.InspectOptions{})
	if isNotFound(err) {
		err = e.createNetwork(ctx, tenantID)
	}
	if err != nil {
		return wrap(err)
	}
	return e.isolation.admit(e.bridgeName(tenantID))
}

// createNetwork takes the first free part of the pool; what somebody else takes meanwhile, the engine refuses.
func (e *Engine) createNetwork(ctx context.Context, tenantID string) error {
	e.networks.Lock()
	defer e.networks.Unlock()
	if err := e.isolation.ensure(); err != nil {
		return err
	}
	taken, err := e.takenPrefixes(ctx)
	if err != nil {
		return err
	}
	for subnet := range freeSubnets(e.opts.NetworkPool, e.networkName(tenantID), taken) {
		_, err := e.api.NetworkCreate(ctx, e.networkName(tenantID), network.CreateOptions{
			Driver:  "bridge",
			IPAM:    &network.IPAM{Driver: "default", Config: []network.IPAMConfig{{Subnet: subnet.String()}}},
			Options: map[string]string{"com.docker.network.bridge.name": e.bridgeName(tenantID)},
			Labels:  e.labels(core.LabelTenant, tenantID),
		})
		switch {
		case err == nil:
			return nil
		case strings.Contains(err.Error(), "overlaps"):
			continue
		case strings.Contains(err.Error(), "already exists"), strings.Contains(err.Error(), "same bridge name"):
			return nil // made meanwhile
		}
		return wrap(err)
	}
	return core.Errorf(core.ECONFLICT, "error.engine_networks_full", "pool", e.opts.NetworkPool.String())
}

// takenPrefixes returns what the engine's networks and the host's interfaces use.
func (e *Engine) takenPrefixes(ctx context.Context) ([]netip.Prefix, error) {
	networks, err := e.api.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, wrap(err)
	}
	var taken []netip.Prefix
	for _, n := range networks {
		for _, c := range n.IPAM.Config {
			if p, err := netip.ParsePrefix(c.Subnet); err == nil {
				taken = append(taken, p.Masked())
			}
		}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, core.Wrap(err, core.EINTERNAL, "error.internal")
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			taken = append(taken, p.Masked())
		}
	}
	return taken, nil
}

// RemoveNetwork removes it; removing what is absent is no error. Errors: ECONFLICT while a container uses it.
func (e *Engine) RemoveNetwork(ctx context.Context, tenantID string) error {
	err := unlessGone(e.api.NetworkRemove(ctx, e.networkName(tenantID)))
	if err != nil && strings.Contains(err.Error(), "active endpoints") {
		return core.Wrap(err, core.ECONFLICT, "error.engine_network_used")
	}
	if err != nil {
		return wrap(err)
	}
	return e.isolation.ensure() // forgets the bridge
}

// TenantNetworks implements core.NetworkLister.
func (e *Engine) TenantNetworks(ctx context.Context) ([]string, error) {
	own := filters.NewArgs(filters.Arg("label", core.LabelInstallation+"="+e.opts.Installation))
	networks, err := e.api.NetworkList(ctx, network.ListOptions{Filters: own})
	var ids []string
	for _, n := range networks {
		if id := n.Labels[core.LabelTenant]; id != "" && n.Name == e.networkName(id) {
			ids = append(ids, id)
		}
	}
	return ids, wrap(err)
}
