package config

import (
	"net"
	"strconv"
	"strings"
)

// maxTCPPorts is how many ports gateway-tcp may have: the packet filter knows each by itself.
const maxTCPPorts = 1000

// TCP returns where gateways listen for TCP and the first and the last port of the pool; zeros when it is off. The
// Config must be valid.
func (c Config) TCP() (host string, from, to int) {
	host, from, to, _ = readTCP(c.GatewayTCP)
	return host, from, to
}

// readTCP reads host:from-to; the host may be empty, which listens on every address.
func readTCP(value string) (host string, from, to int, ok bool) {
	i := strings.LastIndexByte(value, ':')
	if i < 0 {
		return "", 0, 0, false
	}
	host, _, err := net.SplitHostPort(value[:i] + ":1")
	first, last, isRange := strings.Cut(value[i+1:], "-")
	if !isRange {
		last = first
	}
	from, err1 := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	if err != nil || err1 != nil || err2 != nil || from < 1 || to > 65535 || from > to {
		return "", 0, 0, false
	}
	return host, from, to, true
}

func (f *faults) tcp(c Config) {
	if c.GatewayTCP == "" {
		return
	}
	_, from, to, ok := readTCP(c.GatewayTCP)
	switch first, last := c.Ports(); {
	case !ok:
		f.add("gateway-tcp", "%q is no address with a range of ports; write host:from-to, such as 127.0.0.1:30000-30099, or off", c.GatewayTCP)
		return
	case to-from >= maxTCPPorts:
		f.add("gateway-tcp", "%d-%d are %d ports; take at most %d", from, to, to-from+1, maxTCPPorts)
	case from <= last && first <= to:
		f.add("gateway-tcp", "%d-%d and port-range %s have ports in common; move one of them", from, to, c.PortRange)
	}
	for _, p := range c.OwnPorts() {
		if from <= p && p <= to {
			f.add("gateway-tcp", "%d-%d has port %d, which is used by Berth itself or the machine; move the range", from, to, p)
		}
	}
}

// OwnPorts returns the ports that no app can have: those on which this Berth listens, and the machine's shell.
func (c Config) OwnPorts() []int {
	ports := []int{22}
	for _, listen := range []string{c.PortalListen, c.GatewayHTTP, c.GatewayHTTPS, c.GatewayStats} {
		_, text, _ := net.SplitHostPort(listen)
		if p, err := strconv.Atoi(text); err == nil {
			ports = append(ports, p)
		}
	}
	return ports
}
