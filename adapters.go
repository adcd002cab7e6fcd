package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"berth/core"
	"berth/core/config"
	"berth/core/store"
	"berth/worker/engine/docker"
	"berth/worker/mail"
	"berth/worker/registry/memory"
	"berth/worker/registry/zookeeper"
)

func storeOptions(cfg config.Config) (store.Options, error) {
	key, err := cfg.Key()
	return store.Options{Driver: cfg.Database, DSN: cfg.DatabaseDSN, Dir: cfg.Data, Key: key}, err
}

// openStore brings the database up to date and opens it.
func openStore(ctx context.Context, cfg config.Config) (*store.Store, error) {
	options, err := storeOptions(cfg)
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx, options); err != nil {
		return nil, err
	}
	return store.Open(ctx, options)
}

func newRegistry(cfg config.Config, log *slog.Logger) (core.Registry, error) {
	switch cfg.Registry {
	case "zookeeper":
		return zookeeper.New(zookeeper.Options{Servers: cfg.ZooKeeperServers, Log: log.With("part", "zookeeper")})
	case "memory":
		return memory.NewUnfilled(core.RegistryRoutes, core.RegistryCertificates), nil
	}
	return nil, fmt.Errorf("registry: %q is neither memory nor zookeeper", cfg.Registry)
}

// snapshotPath is where the gateway keeps what the registry told last.
func snapshotPath(cfg config.Config) string { return filepath.Join(cfg.Data, "gateway-snapshot") }

func newEngine(cfg config.Config, workerSecret string, log *slog.Logger) (core.Engine, error) {
	installation, err := cfg.Installation()
	if err != nil {
		return nil, err
	}
	if cfg.Engine != "docker" {
		return nil, fmt.Errorf("engine: %q is not docker", cfg.Engine)
	}
	return docker.New(docker.Options{Host: cfg.DockerHost, Address: cfg.HostAddress, Installation: installation,
		Registry: imageHost(cfg.PortalListen), RegistryUser: "berth", RegistryPassword: workerSecret, NetworkPool: cfg.Pool(),
		Gateways: gatewaysHere(cfg), Log: log.With("part", "docker")})
}

// gatewaysHere returns where the gateway of this process listens. A name instead of an address is left out: what it
// stands for may change.
func gatewaysHere(cfg config.Config) []netip.AddrPort {
	if !cfg.Has("gateway") {
		return nil
	}
	var all []netip.AddrPort
	for _, listen := range append(tcpListeners(cfg), cfg.GatewayHTTP, cfg.GatewayHTTPS) {
		if a, ok := listeningAt(listen); ok {
			all = append(all, a)
		}
	}
	return all
}

func newMailer(cfg config.Config, log *slog.Logger) core.Mailer {
	return mail.New(mail.Options{Server: cfg.SMTPServer, User: cfg.SMTPUser, Password: cfg.SMTPPassword, From: cfg.SMTPFrom,
		Security: cfg.SMTPTLS, Log: log.With("part", "mail")})
}

// engines is core.Engines for the hosts of this process.
type engines map[string]core.Engine

func (e engines) Engine(hostID string) (core.Engine, error) {
	if engine, ok := e[hostID]; ok {
		return engine, nil
	}
	return nil, core.NotFound()
}

// gatewayID names this process among the gateways that are announced.
func gatewayID() string {
	host, err := os.Hostname()
	if err != nil {
		host = "gateway"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// imageHost is how the engine of this machine reaches the portal's image registry. A portal that listens everywhere
// listens on loopback too, where the engine asks for no certificate.
func imageHost(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || host == "localhost" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
