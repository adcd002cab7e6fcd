package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"berth/core"
	"berth/core/config"
)

// tcpPool is the ports that apps can get on the gateways, and those that are used for something else.
func tcpPool(cfg config.Config) (pool core.TCPPool) {
	pool.Host, pool.From, pool.To = cfg.TCP()
	first, last := cfg.Ports()
	pool.Taken = append(pool.Taken, core.TCPRange{From: first, To: last})
	for _, p := range cfg.OwnPorts() {
		pool.Taken = append(pool.Taken, core.TCPRange{From: p, To: p})
	}
	return pool
}

// tcpListeners are the addresses of the pool, as gatewaysHere has those of HTTP.
func tcpListeners(cfg config.Config) (all []string) {
	host, from, to := cfg.TCP()
	for p := from; from > 0 && p <= to; p++ {
		all = append(all, net.JoinHostPort(host, strconv.Itoa(p)))
	}
	return all
}

// checkTCP says which ports of the pool something else has.
func checkTCP(ctx context.Context, cfg config.Config) []finding {
	listeners := tcpListeners(cfg)
	if len(listeners) == 0 || !cfg.Has("gateway") {
		return nil
	}
	var busy []string
	for _, address := range listeners {
		l, err := net.Listen("tcp", address)
		if err != nil {
			busy = append(busy, address[strings.LastIndexByte(address, ':')+1:])
			continue
		}
		l.Close()
	}
	switch {
	case len(busy) == 0:
		return []finding{{"gateway-tcp", true, fmt.Sprintf("%s is free", cfg.GatewayTCP), ""}}
	case berthRuns(ctx, cfg):
		return []finding{{"gateway-tcp", true, fmt.Sprintf("Berth runs; %d of %d ports are in use", len(busy), len(listeners)), ""}}
	}
	return []finding{{"gateway-tcp", false, fmt.Sprintf("nothing can listen on %d of the ports of %s: %s", len(busy), cfg.GatewayTCP,
		strings.Join(busy[:min(len(busy), 10)], ", ")), "Stop what uses them, or set another range."}}
}

// listeningAt reads an address to listen on; a name instead of an address is no answer: what it stands for may change.
func listeningAt(listen string) (netip.AddrPort, bool) {
	if strings.HasPrefix(listen, ":") {
		listen = "0.0.0.0" + listen
	}
	a, err := netip.ParseAddrPort(listen)
	return a, err == nil
}

// certificate is what TLS ends with on a TCP port: the same as on HTTPS.
func (p *parts) certificate(name string) *tls.Certificate { return p.gateway.Certificate(name) }
