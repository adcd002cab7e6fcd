// Package docker runs instances on a Docker engine.
package docker

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"berth/core"
)

// Options say which engine to use and how.
type Options struct {
	Host             string       // "unix:///var/run/docker.sock"; "" follows the usual environment
	Address          string       // where ports are published; "" is the address of the engine's own bridge
	Installation     string       // id of this Berth; containers of another one are left alone
	Registry         string       // host and port from which the engine fetches images
	RegistryUser     string       //
	RegistryPassword string       //
	NetworkPool      netip.Prefix // that tenants' networks are cut from; zero is DefaultNetworkPool

	// Gateways are where gateways of this host listen. What everybody reaches there, instances reach too: an app may
	// call another by its public address. Loopback ones stay out of their reach.
	Gateways []netip.AddrPort

	Log *slog.Logger // nil is the default logger
}

// DefaultNetworkPool has room for 512 tenants on a host, with 125 instances each.
var DefaultNetworkPool = netip.MustParsePrefix("10.213.0.0/16")

// Engine is a Docker engine on this machine. It is safe for concurrent use.
type Engine struct {
	opts      Options
	api       *client.Client
	isolation isolation

	networks sync.Mutex // held while one is made: what two try at once is taken for both meanwhile

	mu      sync.Mutex
	address string // once known
}

var (
	_ core.Engine        = (*Engine)(nil)
	_ core.Guard         = (*Engine)(nil)
	_ core.NetworkLister = (*Engine)(nil)
)

// New makes an Engine. It does not ask the engine anything: one that is down now may come up later.
// Errors: EINVALID for a malformed Host or NetworkPool.
func New(opts Options) (*Engine, error) {
	if !opts.NetworkPool.IsValid() {
		opts.NetworkPool = DefaultNetworkPool
	}
	if !opts.NetworkPool.Addr().Is4() || opts.NetworkPool.Bits() > networkBits {
		return nil, core.Errorf(core.EINVALID, "error.engine_network_pool", "pool", opts.NetworkPool.String())
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	clientOpts := []client.Opt{client.FromEnv, client.WithAPIVersionNegotiation()}
	if opts.Host != "" {
		clientOpts = append(clientOpts, client.WithHost(opts.Host))
	}
	api, err := client.NewClientWithOpts(clientOpts...)
	if err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.engine_host", "host", opts.Host)
	}
	return &Engine{opts: opts, api: api, address: opts.Address, isolation: isolation{owner: opts.Installation,
		gateways: opts.Gateways, pool: opts.NetworkPool, log: opts.Log}}, nil
}

// Guard implements core.Guard.
func (e *Engine) Guard(context.Context) error { return e.isolation.ensure() }

// Close lets go of the connections to the engine.
func (e *Engine) Close() error { return e.api.Close() }

// Info describes the host. It also puts the rules that keep tenants apart back in force where something, such as a
// firewall's restart, has swept them away. Errors: EUNAVAILABLE.
func (e *Engine) Info(ctx context.Context) (core.EngineInfo, error) {
	info, err := e.api.Info(ctx)
	if err != nil {
		return core.EngineInfo{}, wrap(err)
	}
	address, err := e.publishAddress(ctx)
	if err != nil {
		return core.EngineInfo{}, err
	}
	if err := e.isolation.ensure(); err != nil {
		return core.EngineInfo{}, err
	}
	version, _, _ := strings.Cut(info.ServerVersion, "+")
	return core.EngineInfo{
		Name: info.Name, Version: "Docker " + version, Arch: imageArch(info.Architecture), OS: info.OSType,
		Memory: core.Bytes(info.MemTotal), CPU: core.MilliCPU(info.NCPU) * 1000, Address: address,
	}, nil
}

// publishAddress returns where ports are published: an address of the host that is not loopback, for the engine
// serves loopback through a user-space proxy at half the speed.
func (e *Engine) publishAddress(ctx context.Context) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.address != "" {
		return e.address, nil
	}
	bridge, err := e.api.NetworkInspect(ctx, "bridge", network.InspectOptions{})
	if err != nil && !isNotFound(err) {
		return "", wrap(err)
	}
	if e.address = interfaceAddress(bridge.Options["com.docker.network.bridge.name"]); e.address == "" {
		return "", core.Errorf(core.EUNAVAILABLE, "error.engine_no_address")
	}
	return e.address, nil
}

// interfaceAddress returns the first IPv4 address of an interface of this machine, "" when there is none.
func interfaceAddress(name string) string {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return ""
	}
	addrs, _ := i.Addrs()
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			return p.Addr().String()
		}
	}
	return ""
}

// labels returns what marks a thing of the engine as this installation's; kv alternates names and values.
func (e *Engine) labels(kv ...string) map[string]string {
	m := map[string]string{core.LabelInstallation: e.opts.Installation}
	for i := 0; i+1 < len(kv); i += 2 {
		m[kv[i]] = kv[i+1]
	}
	return m
}

// imageArch translates the kernel's name of an architecture to the one that images use.
func imageArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "armv7l":
		return "arm"
	}
	return machine
}
