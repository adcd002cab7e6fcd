package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MinBootstrapToken is the least number of characters of the bootstrap token.
const MinBootstrapToken = 32

var domainPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$`)

// faults collects what is wrong, one line a setting.
type faults []error

func (f *faults) add(setting, format string, args ...any) {
	*f = append(*f, fmt.Errorf("%s: %s", setting, fmt.Sprintf(format, args...)))
}

// Validate reports every fault at once: one line each, with the setting, what is wrong and what would be right.
func (c Config) Validate() error {
	var f faults
	if c.Data == "" {
		f.add("data", "is empty; name a directory, such as ./data")
	}
	f.roles(c.Roles)
	f.listeners(c)
	f.tcp(c)
	f.urls(c)
	for _, server := range c.DNSServers {
		f.address("dns-servers", server)
	}
	f.database(c)
	f.engine(c)
	f.registry(c)
	f.secrets(c)
	f.mail(c)
	f.oidc(c)
	f.acme(c)
	f.metrics(c)
	if c.AuditRetention < 0 || c.AuditRetention > 36500 {
		f.add("audit-retention", "%d is no number of days; write 0 to 36500, where 0 keeps it for ever", c.AuditRetention)
	}
	f.logs(c)
	f.oneOf("registration", c.Registration, "on", "off")
	if c.RegistrationPlan == "" {
		f.add("registration-plan", "is empty; name a plan, such as starter")
	}
	f.oneOf("log-level", c.LogLevel, "debug", "info", "warn", "error")
	f.oneOf("log-format", c.LogFormat, "text", "json")
	if _, err := netip.ParsePrefix(c.NetworkPool); err != nil {
		f.add("network-pool", "%q is not a network; write 10.213.0.0/16", c.NetworkPool)
	}
	f.networks("image-networks", c.ImageNetworks)
	f.networks("outbound-networks", c.OutboundNetworks)
	if c.Catalog != "" {
		if _, err := os.Stat(c.Catalog); err != nil {
			f.add("catalog", "%s cannot be read; name a YAML file that exists, or leave it out", c.Catalog)
		}
	}
	return errors.Join(f...)
}

func (f *faults) networks(name string, list []string) {
	for _, n := range list {
		if _, err := netip.ParsePrefix(n); err != nil {
			f.add(name, "%q is not a network; write 10.20.0.0/16", n)
		}
	}
}

func (f *faults) logs(c Config) {
	f.oneOf("logs-kind", c.LogsKind, "victorialogs", "loki", "elasticsearch")
	if c.LogsURL == "" && (c.LogsKind == "loki" || c.LogsKind == "elasticsearch") {
		f.add("logs-url", "nothing says where this %s is; write its address, or leave logs-kind out", c.LogsKind)
	}
	if c.LogsRetention < 1 || c.LogsRetention > 3650 {
		f.add("logs-retention", "%d is no number of days; write 1 to 3650", c.LogsRetention)
	}
	if c.LogsURL == "" {
		return
	}
	u, err := url.Parse(c.LogsURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		f.add("logs-url", "this is not the address of a server; write http:// or https://, a host and if need be a port and a path")
	}
}

func (f *faults) roles(roles []string) {
	if len(roles) == 0 {
		f.add("roles", "is empty; name at least one of portal, worker, gateway")
	}
	for i, r := range roles {
		f.oneOf("roles", r, "portal", "worker", "gateway")
		if slices.Contains(roles[:i], r) {
			f.add("roles", "%s is named twice; name it once", r)
		}
	}
}

func (f *faults) listeners(c Config) {
	f.address("portal-listen", c.PortalListen)
	if c.GatewayHTTP != "" {
		f.address("gateway-http", c.GatewayHTTP)
		if c.GatewayHTTP == c.PortalListen {
			f.add("gateway-http", "%s is also portal-listen; choose another port", c.GatewayHTTP)
		}
	}
	if c.GatewayHTTPS != "" {
		f.address("gateway-https", c.GatewayHTTPS)
		switch c.GatewayHTTPS {
		case c.PortalListen:
			f.add("gateway-https", "%s is also portal-listen; choose another port", c.GatewayHTTPS)
		case c.GatewayHTTP:
			f.add("gateway-https", "%s is also gateway-http; choose another port", c.GatewayHTTPS)
		}
	}
	if c.GatewayStats != "" {
		f.address("gateway-stats", c.GatewayStats)
		if host, _, _ := net.SplitHostPort(c.GatewayStats); host == "" || net.ParseIP(host).IsUnspecified() {
			f.add("gateway-stats", "%q names no host; write the one by which portal and worker reach this machine", c.GatewayStats)
		}
	}
	if c.Has("gateway") && c.GatewayHTTP == "" {
		f.add("gateway-http", "is off; set it, or leave gateway out of roles")
	}
}

func (f *faults) urls(c Config) {
	for _, u := range []struct{ setting, value string }{{"portal-url", c.PortalURL}, {"gateway-url", c.GatewayURL}} {
		p, err := url.Parse(u.value)
		if err != nil || p.Scheme != "http" && p.Scheme != "https" || p.Hostname() == "" || p.Path != "" ||
			p.RawQuery != "" || p.Fragment != "" || p.User != nil {
			f.add(u.setting, "%q is not the root of a site; write http:// or https://, a host and if need be a port", u.value)
		}
	}
	if len(c.BaseDomain) > 190 || !domainPattern.MatchString(c.BaseDomain) {
		f.add("base-domain", "%q is not a domain; write lower-case letters, digits, hyphens and dots, such as apps.example.com", c.BaseDomain)
	}
}

func (f *faults) database(c Config) {
	f.oneOf("database", c.Database, "sqlite", "mysql")
	if c.Database == "mysql" && c.DatabaseDSN == "" {
		f.add("database-dsn", "is empty; mysql needs one, such as berth:secret@tcp(127.0.0.1:3306)/berth")
	}
}

func (f *faults) engine(c Config) {
	f.oneOf("engine", c.Engine, "docker")
	if scheme, rest, ok := strings.Cut(c.DockerHost, "://"); c.DockerHost != "" &&
		(!ok || rest == "" || !slices.Contains([]string{"unix", "tcp", "http", "https", "npipe"}, scheme)) {
		f.add("docker-host", "%q is not the address of an engine; write unix:///var/run/docker.sock or tcp://host:2376", c.DockerHost)
	}
	if c.HostAddress != "" {
		ip, err := netip.ParseAddr(c.HostAddress)
		switch {
		case err != nil:
			f.add("host-address", "%q is not an IP address; write one of this machine's, such as 172.17.0.1", c.HostAddress)
		case ip.IsUnspecified() || ip.IsMulticast():
			f.add("host-address", "%s stands for many addresses; write a single one of this machine's, so that instances are not open to all networks", c.HostAddress)
		}
	}
	a, b, ok := strings.Cut(c.PortRange, "-")
	from, err1 := strconv.Atoi(strings.TrimSpace(a))
	to, err2 := strconv.Atoi(strings.TrimSpace(b))
	if !ok || err1 != nil || err2 != nil || from < 1024 || to > 65535 || from > to {
		f.add("port-range", "%q is not a range of ports between 1024 and 65535; write it as 25700-29999", c.PortRange)
	}
}

func (f *faults) registry(c Config) {
	f.oneOf("metrics-open", c.MetricsOpen, "on", "off")
	f.oneOf("registry", c.Registry, "memory", "zookeeper")
	if c.Registry == "zookeeper" && len(c.ZooKeeperServers) == 0 {
		f.add("zookeeper-servers", "is empty; registry zookeeper needs them, such as 127.0.0.1:2181")
	}
	for _, s := range c.ZooKeeperServers {
		f.address("zookeeper-servers", s)
	}
	if c.Registry == "memory" && !(c.Has("worker") && c.Has("gateway")) && len(c.Roles) > 0 && (c.Has("worker") || c.Has("gateway")) {
		f.add("registry", "memory needs worker and gateway in one process; run both roles here, or use zookeeper")
	}
}

func (f *faults) secrets(c Config) {
	if t := c.BootstrapToken; t != "" && (len(t) < MinBootstrapToken || strings.ContainsFunc(t, func(r rune) bool { return r <= ' ' || r > '~' })) {
		f.add("bootstrap-token", "has %d characters; use at least %d, without spaces, such as the output of openssl rand -hex 32", len(t), MinBootstrapToken)
	}
	if key, err := hex.DecodeString(c.SecretKey); c.SecretKey != "" && (err != nil || len(key) != keySize) {
		f.add("secret-key", "is not %d hexadecimal digits; use the output of openssl rand -hex %d, or leave it out", 2*keySize, keySize)
	}
}

func (f *faults) oneOf(setting, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		f.add(setting, "%q is unknown; use %s", value, strings.Join(allowed, " or "))
	}
}

// address checks host:port; the host may be empty, which listens on every address.
func (f *faults) address(setting, value string) {
	_, port, err := net.SplitHostPort(value)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 1 || n > 65535 {
		f.add(setting, "%q is not an address; write host:port, such as 127.0.0.1:8080", value)
	}
}
