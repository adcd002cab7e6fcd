// Package config holds Berth's settings: where they come from, what they may be, and how they are shown.
package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Config is every setting. A field's name tag is the setting's name: the flag --portal-listen, the environment
// variable BERTH_PORTAL_LISTEN and the key portal-listen of berth.yaml are the same one. Get a Config from Load or
// Default; its derived settings are filled in.
type Config struct {
	Data   string   `name:"data" default:"./data" placeholder:"DIR" help:"Where everything is kept that the embedded defaults keep."`
	Config string   `name:"config" placeholder:"FILE" help:"The settings file. Default: berth.yaml here, then berth.yaml in the data directory."`
	Roles  []string `name:"roles" default:"portal,worker,gateway" placeholder:"ROLE" help:"What this process does: portal, worker, gateway."`

	PortalListen string `name:"portal-listen" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the portal, the API and the image registry listen."`
	PortalURL    string `name:"portal-url" placeholder:"URL" help:"The portal's address as browsers see it. Default: http://localhost with the port of portal-listen."`
	GatewayHTTP  string `name:"gateway-http" default:"127.0.0.1:8000" placeholder:"HOST:PORT" help:"Where the gateway listens for HTTP, or off."`
	GatewayHTTPS string `name:"gateway-https" default:"off" placeholder:"HOST:PORT" help:"Where the gateway listens for HTTPS, or off."`
	GatewayStats string `name:"gateway-stats" default:"off" placeholder:"HOST:PORT" help:"Where the gateway tells portals and workers of other processes what it counted, or off."`
	GatewayTCP   string `name:"gateway-tcp" default:"127.0.0.1:30000-30099" placeholder:"HOST:FROM-TO" help:"Where the gateway listens for TCP, and the ports that apps can get there, or off. The same for portal and gateways."`
	GatewayURL   string `name:"gateway-url" placeholder:"URL" help:"The gateway's address as browsers see it. Default: http://{base-domain} with the port of gateway-http."`
	BaseDomain   string `name:"base-domain" default:"localhost" placeholder:"DOMAIN" help:"An app answers at {appId}.{base-domain}."`

	DNSServers []string `name:"dns-servers" placeholder:"HOST:PORT,..." help:"The DNS servers that are asked about customers' domains. Default: those of this machine."`

	ACMEDirectory  string `name:"acme-directory" default:"https://acme-v02.api.letsencrypt.org/directory" placeholder:"URL" help:"The authority that certificates of customers' domains are asked from, once gateway-https is on; or off."`
	ACMEEmail      string `name:"acme-email" placeholder:"ADDRESS" help:"Where the authority writes to about certificates. Default: nowhere."`
	ACMECARoot     string `name:"acme-ca-root" placeholder:"FILE" help:"A PEM file with what the authority's own certificate is checked with, for an authority of one's own."`
	ACMEEABKeyID   string `name:"acme-eab-key-id" placeholder:"ID" help:"The account at the authority, where it asks for one."`
	ACMEDNSServer  string `name:"acme-dns-server" placeholder:"HOST:PORT" help:"The name server of the base domain that takes updates (RFC 2136): with it, a wildcard certificate for the base domain is asked for."`
	ACMEDNSKeyName string `name:"acme-dns-key-name" placeholder:"NAME" help:"The shared key (TSIG, hmac-sha256) that updates are signed with."`
	ACMEDNSKey     string `name:"acme-dns-key" secret:"all" placeholder:"KEY" help:"The key itself, in base64."`
	ACMEEABKey     string `name:"acme-eab-key" secret:"all" placeholder:"KEY" help:"The key that goes with it, as the authority writes it."`

	Database    string `name:"database" default:"sqlite" placeholder:"KIND" help:"sqlite or mysql."`
	DatabaseDSN string `name:"database-dsn" secret:"dsn" placeholder:"DSN" help:"For mysql: user:password@tcp(host:3306)/name. For sqlite: a file. Default: berth.db in the data directory."`

	Engine      string `name:"engine" default:"docker" placeholder:"KIND" help:"docker."`
	DockerHost  string `name:"docker-host" placeholder:"URL" help:"Where the Docker engine answers. Default: DOCKER_HOST, else the usual socket."`
	HostAddress string `name:"host-address" placeholder:"IP" help:"Where the ports of instances on this machine are published. Default: the address of the engine's bridge."`
	PortRange   string `name:"port-range" default:"25700-29999" placeholder:"FROM-TO" help:"The ports of this machine that instances get."`
	NetworkPool string `name:"network-pool" default:"10.213.0.0/16" placeholder:"CIDR" help:"The addresses that the networks of tenants are cut from, 128 each."`

	Registry         string   `name:"registry" default:"memory" placeholder:"KIND" help:"memory or zookeeper."`
	ZooKeeperServers []string `name:"zookeeper-servers" placeholder:"HOST:PORT" help:"For zookeeper: its servers."`

	Catalog       string   `name:"catalog" placeholder:"FILE" help:"A YAML file whose entries add to or replace the catalogue's."`
	ImageNetworks []string `name:"image-networks" placeholder:"CIDR,..." help:"Private networks with image registries that people may name, such as the company's own. Default: none."`

	BootstrapToken string `name:"bootstrap-token" secret:"all" placeholder:"TOKEN" help:"An API token of the first operator, for automation; at least 32 characters."`
	SecretKey      string `name:"secret-key" secret:"all" placeholder:"HEX" help:"The key that seals secrets in the database: 64 hexadecimal digits. Default: made once and kept in the data directory."`

	SMTPServer   string `name:"smtp-server" placeholder:"HOST:PORT" help:"The server that mail goes through. Default: none, nothing is mailed."`
	SMTPUser     string `name:"smtp-user" placeholder:"NAME" help:"Who Berth is to that server. Default: nobody, without authentication."`
	SMTPPassword string `name:"smtp-password" secret:"all" placeholder:"PASSWORD" help:"The password of smtp-user."`
	SMTPFrom     string `name:"smtp-from" placeholder:"ADDRESS" help:"Who mail comes from: Berth <berth@example.com>, or the bare address."`
	SMTPTLS      string `name:"smtp-tls" default:"starttls" placeholder:"KIND" help:"starttls, tls or none."`

	OutboundNetworks []string `name:"outbound-networks" placeholder:"CIDR,..." help:"Private networks that alerts and logs may be sent to, such as the company's own chat or log server. Default: none."`

	OIDCIssuer       string `name:"oidc-issuer" placeholder:"URL" help:"An OpenID Connect provider that people may sign in with. Default: none."`
	OIDCClientID     string `name:"oidc-client-id" placeholder:"ID" help:"What Berth is called there."`
	OIDCClientSecret string `name:"oidc-client-secret" secret:"all" placeholder:"SECRET" help:"The secret that goes with it."`
	OIDCName         string `name:"oidc-name" placeholder:"NAME" help:"What the button on the sign-in page calls the provider. Default: the host of oidc-issuer."`
	OIDCRegister     string `name:"oidc-register" default:"off" placeholder:"ON|OFF" help:"Whether somebody unknown with a verified email becomes a person: on or off."`

	DefaultPlan string `name:"default-plan" default:"standard" placeholder:"PLAN" help:"The plan of teams that are made without naming one: unlimited, starter, standard, or one that operators made."`

	LogsURL       string `name:"logs-url" secret:"dsn" placeholder:"URL" help:"A server that keeps what apps write, such as http://loki:3100, with user and password in it where it asks for them. Default: none, Berth keeps it in the data directory."`
	LogsKind      string `name:"logs-kind" default:"victorialogs" placeholder:"KIND" help:"What answers at logs-url: victorialogs, loki, or elasticsearch, which is OpenSearch too."`
	LogsRetention int    `name:"logs-retention" default:"30" placeholder:"DAYS" help:"How many days Berth keeps what apps write, unless their plan says less."`

	AuditRetention int `name:"audit-retention" default:"365" placeholder:"DAYS" help:"How many days the audit is kept; 0 keeps it for ever."`

	MetricsURL      string `name:"metrics-url" placeholder:"URL" help:"A server that keeps what is measured: one that takes Prometheus' remote write and answers its queries, such as http://prometheus:9090. Default: none, it is kept in the data directory."`
	MetricsUser     string `name:"metrics-user" placeholder:"NAME" help:"Who Berth is to that server. Default: nobody."`
	MetricsPassword string `name:"metrics-password" secret:"all" placeholder:"PASSWORD" help:"The password of metrics-user; without one, a bearer token."`

	MetricsOpen string `name:"metrics-open" default:"off" placeholder:"ON|OFF" help:"Whether everybody who reaches the portal may read /metrics: on, or off for this machine and operators alone."`

	Registration     string `name:"registration" default:"off" placeholder:"ON|OFF" help:"Whether people may make an account and a team by themselves: on or off."`
	RegistrationPlan string `name:"registration-plan" default:"starter" placeholder:"PLAN" help:"The plan of the teams that people make by themselves."`

	LogLevel  string `name:"log-level" default:"info" placeholder:"LEVEL" help:"debug, info, warn or error."`
	LogFormat string `name:"log-format" default:"text" placeholder:"FORMAT" help:"text or json."`
}

// off is how a listener that is not wanted is written.
const off = "off"

// Default returns the settings of a machine where nothing was set.
func Default() Config {
	c, err := decode(defaults())
	if err != nil {
		panic(err) // the defaults above always decode
	}
	return c
}

// Has reports whether this process has the role.
func (c Config) Has(role string) bool {
	for _, r := range c.Roles {
		if r == role {
			return true
		}
	}
	return false
}

// Ports returns the first and the last port that instances on this machine get. The Config must be valid.
func (c Config) Ports() (from, to int) {
	a, b, _ := strings.Cut(c.PortRange, "-")
	from, _ = strconv.Atoi(strings.TrimSpace(a))
	to, _ = strconv.Atoi(strings.TrimSpace(b))
	return from, to
}

// AuditKept returns how long entries of the audit are kept, 0 for ever.
func (c Config) AuditKept() time.Duration { return time.Duration(c.AuditRetention) * 24 * time.Hour }

// LogsKept returns how long Berth keeps what apps write.
func (c Config) LogsKept() time.Duration { return time.Duration(c.LogsRetention) * 24 * time.Hour }

// Networks returns the private networks in which people may name image registries. The Config must be valid.
func (c Config) Networks() []netip.Prefix { return prefixes(c.ImageNetworks) }

// NetworksOutbound returns the private networks that alerts and logs may be sent to. The Config must be valid.
func (c Config) NetworksOutbound() []netip.Prefix { return prefixes(c.OutboundNetworks) }

func prefixes(list []string) []netip.Prefix {
	var networks []netip.Prefix
	for _, n := range list {
		if p, err := netip.ParsePrefix(n); err == nil {
			networks = append(networks, p.Masked())
		}
	}
	return networks
}

// Pool returns the addresses that tenants' networks are cut from. The Config must be valid.
func (c Config) Pool() netip.Prefix {
	p, _ := netip.ParsePrefix(c.NetworkPool)
	return p.Masked()
}

// derive fills what follows from other settings. A listener that is off becomes "".
func (c *Config) derive() {
	if c.GatewayHTTP == off {
		c.GatewayHTTP = ""
	}
	if c.GatewayTCP == off {
		c.GatewayTCP = ""
	}
	if c.GatewayHTTPS == off {
		c.GatewayHTTPS = ""
	}
	if c.GatewayStats == off {
		c.GatewayStats = ""
	}
	if c.ACMEDirectory == off {
		c.ACMEDirectory = ""
	}
	if c.PortalURL == "" {
		c.PortalURL = urlOf("http", "localhost", c.PortalListen, "80")
	}
	switch {
	case c.GatewayURL != "":
	default:
		c.GatewayURL = urlOf("http", c.BaseDomain, c.GatewayHTTP, "80")
	}
	if u, err := url.Parse(c.OIDCIssuer); err == nil && c.OIDCName == "" {
		c.OIDCName = u.Hostname()
	}
	c.PortalURL, c.GatewayURL = strings.TrimSuffix(c.PortalURL, "/"), strings.TrimSuffix(c.GatewayURL, "/")
}

// urlOf puts the port of a listening address behind a host, unless it is the scheme's own.
func urlOf(scheme, host, listen, own string) string {
	_, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" || port == own {
		return scheme + "://" + host
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
