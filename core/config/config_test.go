package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// load loads in an empty working directory that holds the given berth.yaml, if any.
func load(t *testing.T, yaml string, args []string, environ ...string) (Config, Command, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if yaml != "" {
		write(t, "berth.yaml", yaml)
	}
	return Load(args, environ)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDefaults(t *testing.T) {
	c, cmd, err := load(t, "", []string{"serve"})
	if err != nil || cmd.Name != Serve {
		t.Fatal(cmd, err)
	}
	want := Config{ACMEDirectory: "https://acme-v02.api.letsencrypt.org/directory", Data: "./data", Roles: []string{"portal", "worker", "gateway"},
		PortalListen: "127.0.0.1:8080", PortalURL: "http://localhost:8080", GatewayHTTP: "127.0.0.1:8000",
		GatewayURL: "http://localhost:8000", GatewayTCP: "127.0.0.1:30000-30099", BaseDomain: "localhost", Database: "sqlite", Engine: "docker",
		PortRange: "25700-29999", NetworkPool: "10.213.0.0/16", Registry: "memory", SMTPTLS: "starttls",
		OIDCRegister: "off", Registration: "off", RegistrationPlan: "starter", DefaultPlan: "standard", LogsKind: "victorialogs", LogsRetention: 30, AuditRetention: 365, MetricsOpen: "off", LogLevel: "info", LogFormat: "text"}
	if d := cmp.Diff(want, c, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(Default(), c, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
	if from, to := c.Ports(); from != 25700 || to != 29999 {
		t.Error(from, to)
	}
}

func TestPrecedence(t *testing.T) {
	file := "log-level: warn\nlog-format: json\nbase-domain: file.example\nroles: [portal, worker, gateway]\n"
	env := []string{"BERTH_LOG_FORMAT=text", "BERTH_BASE_DOMAIN=env.example", "BERTH_DATA=", "HOME=/x"}
	c, _, err := load(t, file, []string{"serve", "--base-domain", "flag.example"}, env...)
	if err != nil {
		t.Fatal(err)
	}
	if c.LogLevel != "warn" || c.LogFormat != "text" || c.BaseDomain != "flag.example" || c.Data != "./data" {
		t.Errorf("%+v", c)
	}
	if c.GatewayURL != "http://flag.example:8000" || c.Config != "berth.yaml" {
		t.Errorf("%+v", c)
	}
}

func TestFlagBeforeCommandAndEmptyFlag(t *testing.T) {
	c, cmd, err := load(t, "host-address: 10.0.0.1", []string{"--data=/srv/berth", "doctor", "--host-address="})
	if err != nil || cmd.Name != Doctor || c.Data != "/srv/berth" || c.HostAddress != "" {
		t.Error(c, cmd, err)
	}
}

func TestFileIsFound(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir())
	write(t, filepath.Join(dir, "berth.yaml"), "log-level: debug")
	write(t, filepath.Join(dir, "other.yaml"), "log-level: error")

	c, _, err := Load([]string{"serve"}, []string{"BERTH_DATA=" + dir})
	if err != nil || c.LogLevel != "debug" {
		t.Error("in the data directory:", c.LogLevel, err)
	}
	c, _, err = Load([]string{"serve"}, []string{"BERTH_DATA=" + dir, "BERTH_CONFIG=" + filepath.Join(dir, "other.yaml")})
	if err != nil || c.LogLevel != "error" {
		t.Error("named:", c.LogLevel, err)
	}
	_, _, err = Load([]string{"serve", "--config", "absent.yaml", "--log-level", "loud"}, nil)
	if err == nil || !strings.Contains(err.Error(), "config: absent.yaml") || !strings.Contains(err.Error(), "log-level") {
		t.Error("absent:", err)
	}
}

func TestDerivedURLs(t *testing.T) {
	for _, x := range []struct {
		args            []string
		portal, gateway string
	}{
		{[]string{"--portal-listen=:9000"}, "http://localhost:9000", "http://localhost:8000"},
		{[]string{"--portal-listen=:80", "--gateway-http=0.0.0.0:81", "--base-domain=example.com"}, "http://localhost", "http://example.com:81"},
		{[]string{"--portal-url=https://berth.example/", "--gateway-url=https://apps.example"}, "https://berth.example", "https://apps.example"},
	} {
		c, _, err := load(t, "", append([]string{"serve"}, x.args...))
		if err != nil || c.PortalURL != x.portal || c.GatewayURL != x.gateway {
			t.Error(x.args, c.PortalURL, c.GatewayURL, err)
		}
	}
}

func TestEveryFaultAtOnce(t *testing.T) {
	file := `
portal-lisen: 1
gateway: {http: x}
data: {dir: x}
roles: portal, cook
portal-listen: nowhere
gateway-http: 127.0.0.1:99999
portal-url: javascript:alert(1)
base-domain: A_b
database: oracle
engine: podman
docker-host: /var/run/docker.sock
host-address: 0.0.0.0
port-range: 80-90
registry: zookeeper
catalog: absent.yaml
image-networks: [company]
outbound-networks: [10.0.0.1]
bootstrap-token: short
secret-key: abc
smtp-server: mail
smtp-from: berth
smtp-tls: ssl
oidc-issuer: id.example.com
oidc-register: maybe
metrics-open: maybe
registration: perhaps
registration-plan: ""
log-level: loud
log-format: xml
config: other.yaml
`
	_, _, err := load(t, file, []string{"serve"})
	if err == nil {
		t.Fatal("no fault")
	}
	lines := strings.Split(err.Error(), "\n")
	for _, setting := range []string{"portal-lisen", "gateway", "data", "roles", "portal-listen", "gateway-http", "portal-url",
		"base-domain", "database", "engine", "docker-host", "host-address", "port-range", "zookeeper-servers", "catalog", "image-networks", "outbound-networks",
		"bootstrap-token", "secret-key", "smtp-server", "smtp-from", "smtp-tls", "oidc-issuer", "oidc-client-id",
		"oidc-client-secret", "oidc-register", "registration", "metrics-open", "log-level", "log-format", "config"} {
		n := 0
		for _, l := range lines {
			if strings.HasPrefix(l, setting+": ") {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s: %d lines of\n%s", setting, n, err)
		}
	}
	if strings.Contains(err.Error(), "short") {
		t.Error("a secret is told")
	}
}

func TestFaults(t *testing.T) {
	for _, x := range []struct{ args, fault string }{
		{"--roles=", "roles:"},
		{"--roles=portal,portal", "roles:"},
		{"--roles=gateway", "registry:"},
		{"--gateway-http=off", "gateway-http:"},
		{"--gateway-http=127.0.0.1:8080", "gateway-http:"},
		{"--gateway-https=443", "gateway-https:"},
		{"--gateway-https=127.0.0.1:8080", "gateway-https:"},
		{"--gateway-https=127.0.0.1:8000", "gateway-https:"},
		{"--gateway-stats=0.0.0.0:8090", "gateway-stats:"},
		{"--gateway-stats=:8090", "gateway-stats:"},
		{"--gateway-tcp=127.0.0.1", "gateway-tcp:"},
		{"--gateway-tcp=127.0.0.1:30010-30000", "gateway-tcp:"},
		{"--gateway-tcp=:30000-31000", "gateway-tcp:"},
		{"--gateway-tcp=:29990-30010", "gateway-tcp:"},
		{"--gateway-tcp=:8000-8010", "gateway-tcp:"},
		{"--gateway-tcp=:20-30", "gateway-tcp:"},
		{"--portal-url=http://a/b", "portal-url:"},
		{"--gateway-url=ftp://a", "gateway-url:"},
		{"--database=mysql", "database-dsn:"},
		{"--logs-retention=0", "logs-retention:"},
		{"--logs-kind=syslog", "logs-kind:"},
		{"--logs-url=logs:9428", "logs-url:"},
		{"--logs-kind=loki", "logs-url:"},
		{"--host-address=name", "host-address:"},
		{"--port-range=30000-25700", "port-range:"},
		{"--port-range=25700", "port-range:"},
		{"--registry=zookeeper --zookeeper-servers=a:1,b", "zookeeper-servers:"},
		{"--bootstrap-token=" + strings.Repeat("é", 40), "bootstrap-token:"},
		{"--secret-key=" + strings.Repeat("ab", 31), "secret-key:"},
		{"--data=", "data:"},
		{"--smtp-server=mail.example.com --smtp-from=berth@example.com", "smtp-server:"},
		{"--smtp-server=:25 --smtp-from=berth@example.com", "smtp-server:"},
		{"--smtp-server=mail.example.com:587", "smtp-from:"},
		{"--smtp-server=mail.example.com:587 --smtp-from=berth", "smtp-from:"},
		{"--smtp-server=mail.example.com:587 --smtp-from=berth@example.com --smtp-user=berth", "smtp-password:"},
		{"--smtp-server=mail.example.com:25 --smtp-from=berth@example.com --smtp-user=berth --smtp-password=x --smtp-tls=none", "smtp-tls:"},
		{"--smtp-tls=ssl", "smtp-tls:"},
		{"--acme-dns-server=ns1.example.com:53", "acme-dns-server:"},
		{"--acme-dns-server=ns1.example.com --acme-dns-key-name=berth --acme-dns-key=c2VjcmV0", "acme-dns-server:"},
		{"--acme-dns-server=ns1.example.com:53 --acme-dns-key-name=berth --acme-dns-key=secret!", "acme-dns-key:"},
		{"--smtp-from=berth@example.com", "smtp-from:"},
		{"--oidc-client-id=berth", "oidc-client-id:"},
		{"--oidc-issuer=http://id.example.com --oidc-client-id=a --oidc-client-secret=b", "oidc-issuer:"},
		{"--oidc-issuer=https://id.example.com --oidc-client-id=a", "oidc-client-secret:"},
		{"--oidc-issuer=https://id.example.com --oidc-client-secret=a", "oidc-client-id:"},
		{"--oidc-register=maybe", "oidc-register:"},
		{"--nonsense=1", "unknown flag"},
	} {
		_, _, err := load(t, "", append([]string{"serve"}, strings.Fields(x.args)...))
		if err == nil || !strings.HasPrefix(err.Error(), x.fault) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", x.args, err)
		}
	}
	if _, _, err := load(t, "a: [", []string{"serve"}); err == nil || !strings.Contains(err.Error(), "berth.yaml") {
		t.Error("broken file:", err)
	}
	if _, _, err := load(t, "", []string{"sail"}); err == nil {
		t.Error("unknown command accepted")
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"serve", "--help"}} {
		_, cmd, err := load(t, "", args)
		if err != nil || cmd.Name != Help || !strings.Contains(cmd.Help, "--portal-listen") ||
			!strings.Contains(cmd.Help, "Default: 127.0.0.1:8000.") {
			t.Error(args, cmd, err)
		}
	}
	if _, cmd, err := load(t, "log-level: loud", []string{"version"}); err != nil || cmd.Name != Version {
		t.Error("version needs no valid settings:", cmd, err)
	}
}

func TestCommandsAreDescribed(t *testing.T) {
	var names []string
	for _, c := range Commands() {
		names = append(names, c.Name)
		if c.Help == "" {
			t.Errorf("%s says nothing", c.Name)
		}
	}
	if got, want := strings.Join(names, " "), "serve migrate setup-link config doctor version"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestPrintMasksSecretsAndReadsBack(t *testing.T) {
	token, key := strings.Repeat("t", 32), strings.Repeat("ab", 32)
	c, cmd, err := load(t, "", []string{"config", "--bootstrap-token", token, "--secret-key", key, "--database=mysql",
		"--database-dsn=berth:p@ss:w@tcp(db:3306)/berth", "--logs-url=https://berth:p@ss:w@logs.example.com", "--registry=zookeeper", "--zookeeper-servers=a:1,b:2"})
	if err != nil || cmd.Name != Show {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{token, key, "p@ss", "w@"} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is shown:\n%s", secret, &out)
		}
	}
	if !strings.Contains(out.String(), "berth:********@tcp(db:3306)/berth") {
		t.Error(out.String())
	}

	var plain bytes.Buffer
	if err := Default().Print(&plain); err != nil {
		t.Fatal(err)
	}
	again, _, err := load(t, strings.ReplaceAll(plain.String(), "config: \"\"\n", ""), []string{"serve"})
	if err != nil {
		t.Fatal(err)
	}
	again.Config = ""
	if d := cmp.Diff(Default(), again, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}

func TestMailAndProvider(t *testing.T) {
	c, cmd, err := load(t, "smtp-from: Berth <berth@example.com>\nsmtp-password: hush\noidc-client-secret: hush too\n", []string{"config",
		"--smtp-server=127.0.0.1:25", "--smtp-user=berth", "--smtp-tls=none", "--oidc-issuer=https://id.example.com/realm", "--oidc-client-id=berth"})
	if err != nil || cmd.Name != Show || c.OIDCName != "id.example.com" || c.SMTPFrom != "Berth <berth@example.com>" {
		t.Fatal(c, err)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil || strings.Contains(out.String(), "hush") {
		t.Error(out.String(), err)
	}
}

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	c := Config{Data: filepath.Join(t.TempDir(), "new")}
	keys := make([]string, 16)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() {
			key, err := c.Key()
			if err != nil {
				t.Error(err)
			}
			keys[i] = string(key)
		})
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != 32 || k != keys[0] {
			t.Fatal("keys differ")
		}
	}
	info, err := os.Stat(filepath.Join(c.Data, "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	a, err := c.Installation()
	b, _ := c.Installation()
	if err != nil || len(a) != 16 || a != b {
		t.Error(a, b, err)
	}
	write(t, filepath.Join(c.Data, "secret.key"), "")
	if _, err := c.Key(); err == nil {
		t.Error("an empty key is taken")
	}
}

func TestAuditRetention(t *testing.T) {
	c, _, err := Load([]string{"serve"}, []string{"BERTH_AUDIT_RETENTION=30"})
	if err != nil || c.AuditKept() != 30*24*time.Hour {
		t.Error(c.AuditKept(), err)
	}
	c, _, err = Load([]string{"serve", "--audit-retention", "0"}, nil)
	if err != nil || c.AuditKept() != 0 {
		t.Error(c.AuditKept(), err)
	}
	for _, days := range []string{"-1", "40000", "long"} {
		if _, _, err := Load([]string{"serve"}, []string{"BERTH_AUDIT_RETENTION=" + days}); err == nil || !strings.Contains(err.Error(), "audit-retention") {
			t.Errorf("%s: %v", days, err)
		}
	}
}

func TestSecurePort(t *testing.T) {
	for _, x := range []struct{ args, port string }{
		{"", ""},
		{"--gateway-https=:443", "443"},
		{"--gateway-https=127.0.0.1:8443", "8443"},
		{"--gateway-https=127.0.0.1:8443 --gateway-url=https://apps.example.com", "443"},
		{"--gateway-https=127.0.0.1:8443 --gateway-url=https://apps.example.com:444", "444"},
		{"--gateway-https=127.0.0.1:8443 --gateway-url=http://apps.example.com:81", "8443"},
	} {
		c, _, err := load(t, "", append([]string{"serve"}, strings.Fields(x.args)...))
		if err != nil || c.SecurePort() != x.port {
			t.Errorf("%s: %q, %v", x.args, c.SecurePort(), err)
		}
	}
}

func TestHasKey(t *testing.T) {
	c, _, err := load(t, "", []string{"serve", "--data", t.TempDir()})
	if err != nil || c.HasKey() {
		t.Fatal("a key before there is one", err)
	}
	if _, err := c.Key(); err != nil || !c.HasKey() {
		t.Error("no key after it was made", err)
	}
	c, _, err = load(t, "", []string{"serve", "--data", t.TempDir(), "--secret-key", strings.Repeat("ab", 32)})
	if err != nil || !c.HasKey() {
		t.Error("a key that is set is not seen", err)
	}
}
func TestTCPPool(t *testing.T) {
	for _, x := range []struct {
		value    string
		host     string
		from, to int
	}{{"127.0.0.1:30000-30099", "127.0.0.1", 30000, 30099}, {":5432", "", 5432, 5432}, {"[::1]:31000-31001", "::1", 31000, 31001}, {"off", "", 0, 0}} {
		c, _, err := load(t, "", []string{"serve", "--gateway-tcp=" + x.value})
		host, from, to := c.TCP()
		if err != nil || host != x.host || from != x.from || to != x.to {
			t.Errorf("%s: %q %d %d, %v", x.value, host, from, to, err)
		}
	}
}
