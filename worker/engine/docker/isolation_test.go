package docker_test

import (
	"net"
	"net/netip"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestIsolation tries every way out of a tenant's network, on a machine of its own: the host at all its addresses,
// other tenants, published ports, other containers, addresses where clouds keep secrets; and every way that is to
// stay open.
func TestIsolation(t *testing.T) {
	t.Parallel()
	const portal = "9100"
	d := testenv.StartDocker(t)
	registry := testenv.StartImageRegistryAt(t, d.Gateway)
	outside, metadata := neighbour(t, d.Gateway), cloudMetadata(t, d)
	onHost(t, d, portal)
	d.Enter(t) // the rules are those of the engine's machine
	opts := docker.Options{Host: d.Host, Address: d.Address, Registry: registry.Host,
		NetworkPool: netip.MustParsePrefix("10.215.0.0/22")}
	a, b := newTenant(t, open(t, opts), registry), newTenant(t, open(t, opts), registry) // of two installations
	web, db, other := a.run(a.spec("web")), a.run(a.spec("db")), b.run(b.spec("other"))
	bridged, published := foreign(t, d, "bridge", a.image, registry)
	private, _ := foreign(t, d, ownNetwork(t, d), a.image, registry)
	webIP, dbIP, otherIP := addressOf(t, d, web.container), addressOf(t, d, db.container), addressOf(t, d, other.container)

	open := map[string]string{
		"itself": "127.0.0.1:8080", "sibling by name": "db:8080", "sibling by address": dbIP + ":8080", "outside": outside,
	}
	closed := map[string]string{
		"portal at its network's gateway":     gatewayOf(webIP) + ":" + portal,
		"portal at another network's gateway": gatewayOf(otherIP) + ":" + portal,
		"portal at the engine's bridge":       "172.17.0.1:" + portal,
		"portal at the machine's address":     d.Address + ":" + portal,
		"another tenant's instance":           otherIP + ":8080",
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
		for want, targets := range map[bool]map[string]string{true: open, false: closed} {
			for name, address := range targets {
				all.Go(func() {
					if got := web.reaches(address); got != want {
						t.Errorf("%s, %s: reached %t, want %t", name, address, got, want)
					}
				})
			}
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
	if !web.reaches(gatewayOf(webIP) + ":" + portal) {
		t.Fatal("the portal is out of reach without rules too, so the test shows nothing")
	}
	if !reachedByNeighbour(d, webIP) {
		t.Fatal("an instance is out of a neighbour's reach without rules too, so the test shows nothing")
	}
	_, err := a.engine.Info(t.Context())
	a.ok(err)
	t.Run("rules put back", try)
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
	for range 500 {
		if c, err := net.Dial("tcp", d.Address+":"+port); err == nil {
			c.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
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
