package docker_test

import (
	"net"
	"net/netip"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestIsolation tries every way out of a tenant's network, on a machine of its own: the host at all its addresses,
// the engine, other tenants, published ports, other containers, addresses where clouds keep secrets; by TCP, by UDP,
// by IPv6; and every way that is to stay open.
func TestIsolation(t *testing.T) {
	t.Parallel()
	const portal, gateway, inside, api = "9100", "9200", "9201", "2375"
	d := testenv.StartDocker(t, "--tls=false", "-H", "tcp://0.0.0.0:"+api)
	registry := testenv.StartImageRegistryAt(t, d.Gateway)
	outside, metadata := neighbour(t, d.Gateway), cloudMetadata(t, d)
	echo := echoes(t, d.Gateway+":0")
	for _, port := range []string{portal, gateway, inside} {
		onHost(t, d, port)
	}
	linkLocal(t, d)
	d.Enter(t) // the rules are those of the engine's machine
	opts := docker.Options{Host: d.Host, Address: d.Address, Registry: registry.Host,
		NetworkPool: netip.MustParsePrefix("10.215.0.0/22"), Gateways: []netip.AddrPort{
			netip.MustParseAddrPort(d.Address + ":" + gateway), netip.MustParseAddrPort("127.0.0.1:" + inside)}}
	a, b := newTenant(t, open(t, opts), registry), newTenant(t, open(t, opts), registry) // of two installations
	web, db, other := a.run(a.spec("web")), a.run(a.spec("db")), b.run(b.spec("other"))
	bridged, published := foreign(t, d, "bridge", a.image, registry)
	private, _ := foreign(t, d, ownNetwork(t, d), a.image, registry)
	webIP, dbIP, otherIP := addressOf(t, d, web.container), addressOf(t, d, db.container), addressOf(t, d, other.container)

	echoes(t, d.Address+":"+portal)
	echoes(t, gatewayOf(webIP)+":"+portal)

	open := map[string]string{
		"itself": "127.0.0.1:8080", "sibling by name": "db:8080", "sibling by address": dbIP + ":8080", "outside": outside,
		"outside by UDP": "udp " + echo, "gateway that listens for everybody": d.Address + ":" + gateway,
	}
	closed := map[string]string{
		"portal at its network's gateway":     gatewayOf(webIP) + ":" + portal,
		"portal at another network's gateway": gatewayOf(otherIP) + ":" + portal,
		"portal at the engine's bridge":       "172.17.0.1:" + portal,
		"portal at the machine's address":     d.Address + ":" + portal,
		"portal at a link-local address":      "169.254.7.7:" + portal,
		"portal by IPv6":                      "[" + linkLocalOf(t, web.bridge(d)) + "%eth0]:" + portal,
		"host by UDP at its network's bridge": "udp " + gatewayOf(webIP) + ":" + portal,
		"host by UDP at its own address":      "udp " + d.Address + ":" + portal,
		"engine at the machine's address":     d.Address + ":" + api,
		"engine at its network's gateway":     gatewayOf(webIP) + ":" + api,
		"gateway's port at another address":   gatewayOf(webIP) + ":" + gateway,
		"gateway that listens for the host":   d.Address + ":" + inside,
		"gateway by UDP":                      "udp " + d.Address + ":" + gateway,
		"another tenant's instance":           otherIP + ":8080",
		"another tenant's app by name":        "other:8080",
		"another tenant's published port":     other.address,
		"its own published port":              web.address,
		"its sibling's published port":        db.address,
		"other container":                     bridged + ":8080",
		"other container's published port":    d.Address + ":" + published,
		"and at the engine's bridge":          "172.17.0.1:" + published,
		"container on another network":        private + ":8080",
		"cloud metadata":                      metadata,
	}
	try := func(t *testing.T) {
		t.Helper()
		var all sync.WaitGroup
		for name, address := range open {
			all.Go(func() {
				if !web.reaches(address) {
					t.Errorf("%s, %s: out of reach", name, address)
				}
			})
		}
		for name, address := range closed {
			all.Go(func() {
				if !web.isKeptFrom(address) {
					t.Errorf("%s, %s: within reach", name, address)
				}
			})
		}
		all.Wait()
	}
	t.Run("rules", try)
	if reachedByNeighbour(d, webIP) {
		t.Error("a neighbour of the machine reaches an instance past its published port")
	}
	if err := d.Command("nft", "delete", "table", "inet", "berth").Run(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"portal at its network's gateway", "portal at the machine's address", "engine at the machine's address",
		"host by UDP at its own address", "portal at a link-local address", "gateway that listens for the host"} {
		if !web.reaches(closed[name]) {
			t.Errorf("%s is out of reach without rules too, so the test shows nothing", name)
		}
	}
	if !reachedByNeighbour(d, webIP) {
		t.Error("an instance is out of a neighbour's reach without rules too, so the test shows nothing")
	}
	a.ok(a.engine.Guard(t.Context()))
	t.Run("rules put back", try)
}

// TestManyTenants makes more networks than the engine has address pools for, and leaves nothing of them.
func TestManyTenants(t *testing.T) {
	t.Parallel()
	d := testenv.StartDocker(t)
	registry := testenv.StartImageRegistryAt(t, d.Gateway)
	d.Enter(t)
	e := open(t, docker.Options{Host: d.Host, Address: d.Address, Registry: registry.Host,
		NetworkPool: netip.MustParsePrefix("10.219.0.0/18")})
	first, last := newTenant(t, e, registry), newTenant(t, e, registry)
	ids := []string{}
	for len(ids) < 40 {
		ids = append(ids, core.NewID())
		first.ok(e.EnsureNetwork(t.Context(), ids[len(ids)-1]))
	}
	one, two := first.run(first.spec("one")), last.run(last.spec("two"))
	if !one.isKeptFrom(addressOf(t, d, two.container)+":8080") || !one.reaches("one:8080") {
		t.Error("tenants are not apart, or not together")
	}
	if got := elements(t, d, "siblings"); got != len(ids)+2 {
		t.Errorf("%d bridges are known to the rules", got)
	}
	for _, id := range append(ids, ids...) { // again is no error
		first.ok(e.RemoveNetwork(t.Context(), id))
	}
	if got := elements(t, d, "siblings"); got != 2 {
		t.Errorf("%d bridges are known to the rules when two are left", got)
	}
	left, err := d.Client().NetworkList(t.Context(), network.ListOptions{
		Filters: filters.NewArgs(filters.Arg("label", core.LabelTenant))})
	if err != nil || len(left) != 2 {
		t.Errorf("%d networks are left, %v", len(left), err)
	}
	if _, err := net.InterfaceByName(bridgeOf(t, d, two.container)); err != nil {
		t.Error(err)
	}
}

// TestRulesAreMended spoils the rules in every part, and has them looked after.
func TestRulesAreMended(t *testing.T) {
	t.Parallel()
	d := testenv.StartDocker(t)
	d.Enter(t)
	e := open(t, docker.Options{Host: d.Host, Address: d.Address, NetworkPool: netip.MustParsePrefix("10.220.0.0/22"),
		Gateways: []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:80")}})
	if err := e.EnsureNetwork(t.Context(), "t1"); err != nil {
		t.Fatal(err)
	}
	whole := rules(t, d)
	for _, spoil := range []string{"delete table inet berth", "flush chain inet berth input", "flush chain inet berth forward",
		"flush set inet berth siblings", "flush set inet berth gateways", "flush ruleset",
		"add element inet berth siblings { \"bthgone\" . \"bthgone\" }", "insert rule inet berth input accept"} {
		if out, err := d.Command("nft", spoil).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", spoil, err, out)
		}
		if rules(t, d) == whole {
			t.Fatalf("%s: changes nothing", spoil)
		}
		if err := e.Guard(t.Context()); err != nil {
			t.Errorf("%s: %v", spoil, err)
		}
		if got := rules(t, d); got != whole {
			t.Errorf("after %s:\n%s\nwant\n%s", spoil, got, whole)
		}
	}
	if err := e.RemoveNetwork(t.Context(), "t1"); err != nil {
		t.Error(err)
	}
	if got := elements(t, d, "siblings"); got != 0 {
		t.Errorf("%d bridges are known to the rules when none is left", got)
	}
}

// rules returns the table as it is, without what packets count and without an order of elements.
func rules(t *testing.T, d *testenv.Dockerd) string {
	t.Helper()
	out, _ := d.Command("nft", "--stateless", "list", "table", "inet", "berth").CombinedOutput() // none is one too
	lines := strings.Split(counters.ReplaceAllString(string(out), "counter"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

var counters = regexp.MustCompile(`counter packets \d+ bytes \d+`)

// elements counts those of a set of the rules.
func elements(t *testing.T, d *testenv.Dockerd, set string) int {
	t.Helper()
	out, err := d.Command("nft", "--json", "list", "set", "inet", "berth", set).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(out), `"concat"`)
}

// foreign starts a container that is not Berth's and returns its address, and the port that it publishes on all
// addresses of the machine.
func foreign(t *testing.T, d *testenv.Dockerd, network string, image core.ImageRef, r testenv.ImageRegistry) (ip, port string) {
	t.Helper()
	c := d.Client()
	made, err := c.ContainerCreate(t.Context(), &container.Config{
		Image: r.Host + "/" + image.Repository + "@" + image.Digest, ExposedPorts: nat.PortSet{"8080/tcp": {}},
	}, &container.HostConfig{NetworkMode: container.NetworkMode(network),
		PortBindings: nat.PortMap{"8080/tcp": {{HostPort: "0"}}}}, nil, nil, "")
	if err == nil {
		err = c.ContainerStart(t.Context(), made.ID, container.StartOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := c.ContainerInspect(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	return addressOf(t, d, made.ID), info.NetworkSettings.Ports["8080/tcp"][0].HostPort
}

func ownNetwork(t *testing.T, d *testenv.Dockerd) string {
	t.Helper()
	n, err := d.Client().NetworkCreate(t.Context(), "private", network.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return n.ID
}

func addressOf(t *testing.T, d *testenv.Dockerd, id string) string {
	t.Helper()
	c, err := d.Client().ContainerInspect(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range c.NetworkSettings.Networks {
		return n.IPAddress
	}
	t.Fatal("no address")
	return ""
}

// bridge returns the machine's interface of an instance's network.
func (r *running) bridge(d *testenv.Dockerd) string { return bridgeOf(r.t, d, r.container) }

func bridgeOf(t *testing.T, d *testenv.Dockerd, container string) string {
	t.Helper()
	c, err := d.Client().ContainerInspect(t.Context(), container)
	if err != nil {
		t.Fatal(err)
	}
	n, err := d.Client().NetworkInspect(t.Context(), string(c.HostConfig.NetworkMode), network.InspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return n.Options["com.docker.network.bridge.name"]
}

// linkLocalOf returns the IPv6 address that an interface of the machine has by itself.
func linkLocalOf(t *testing.T, name string) string {
	t.Helper()
	i, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	addrs, err := i.Addrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip := a.(*net.IPNet).IP; ip.To4() == nil && ip.IsLinkLocalUnicast() {
			return ip.String()
		}
	}
	return "fe80::1"
}

// linkLocal gives the machine a link-local address.
func linkLocal(t *testing.T, d *testenv.Dockerd) {
	t.Helper()
	if out, err := d.Command("ip", "addr", "add", "169.254.7.7/32", "dev", "eth0").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// echoes sends every datagram back until the test ends.
func echoes(t *testing.T, address string) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		for buf := make([]byte, 1500); ; {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			c.WriteTo(buf[:n], from)
		}
	}()
	return c.LocalAddr().String()
}

// gatewayOf returns the bridge's address in the network of an instance.
func gatewayOf(ip string) string {
	return netip.PrefixFrom(netip.MustParseAddr(ip), 25).Masked().Addr().Next().String()
}

// onHost starts a server on all addresses of the engine's machine.
func onHost(t *testing.T, d *testenv.Dockerd, port string) {
	t.Helper()
	cmd := d.Command(testenv.TestApp(t))
	cmd.Env = []string{"PORT=" + port}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", d.Address+":"+port); err == nil {
			c.Close()
			return
		}
	}
	t.Fatal("nothing listens on the engine's machine")
}

// neighbour listens on another machine of the network.
func neighbour(t *testing.T, address string) string {
	t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}

// cloudMetadata listens where clouds tell a machine its credentials.
func cloudMetadata(t *testing.T, d *testenv.Dockerd) string {
	t.Helper()
	if out, err := exec.Command("ip", "addr", "add", "169.254.169.254/32", "dev", d.Cable).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return neighbour(t, "169.254.169.254")
}

// reachedByNeighbour reports whether another machine of the network that knows the way reaches an instance's address.
func reachedByNeighbour(d *testenv.Dockerd, ip string) bool {
	reached := make(chan bool)
	go func() { // not in the namespace
		exec.Command("ip", "route", "add", ip+"/32", "via", d.Address).Run()
		c, err := net.DialTimeout("tcp", net.JoinHostPort(ip, "8080"), time.Second)
		if err == nil {
			c.Close()
		}
		reached <- err == nil
	}()
	return <-reached
}
