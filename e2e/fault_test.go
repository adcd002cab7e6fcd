package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/e2e/testenv"
)

// TestKilledAtEveryStep is fault F1: the program is killed as soon as an operation has come to a step, and started
// again. The old version answers throughout, and the release comes online.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	c := testenv.Docker(t)
	for n, step := range []string{"recorded", "placed", "fetched", "created", "started", "answering", "registered"} {
		label := fmt.Sprintf("2.%d", n)
		b.upload(app, label, testenv.ImageOptions{})
		op := b.release(app, map[string]any{"version": label, "env": map[string]string{"LISTEN_DELAY": "300ms"}}).Operation
		b.killAt(op, step)
		if n := len(b.containers(c, app)); n == 0 {
			t.Errorf("at %s: no container is left", step)
		}
		b.Start()
		done := b.ended(op)
		if done.Status != "succeeded" {
			t.Errorf("killed at %s: %+v", step, done)
		}
		b.answers(app, "version "+label)
		b.eventually(time.Minute, func() error { return b.ready(app, 1) })
		if list := b.containers(c, app); len(list) != 1 {
			t.Errorf("killed at %s: %d containers", step, len(list))
		}
	}
}

// killAt kills the program when an operation has reached a step, or has ended already.
func (b *Berth) killAt(op, step string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		var o operation
		b.do("GET", "/api/v1/operations/"+op, nil, &o)
		for _, s := range o.Steps {
			if s.Name == step && s.Status != "pending" || o.Status == "succeeded" {
				b.Kill()
				return
			}
		}
	}
	b.t.Fatalf("the operation never came to %s", step)
}

// TestTheEngineIsRestarted is fault F3, with an engine of the test's own.
func TestTheEngineIsRestarted(t *testing.T) {
	t.Parallel()
	d := testenv.StartDocker(t)
	b := start(t, on(d))
	app := b.app(b.tenant("Acme"), "Shop")
	b.upload(app, "1.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "1.0", "replicas": 2})
	b.answers(app, "version 1.0")
	for name, end := range map[string]func(){"TERM": d.Stop, "KILL": d.Kill} {
		end()
		d.Start()
		back := time.Now()
		b.eventually(time.Minute, func() error { return b.ready(app, 2) })
		b.answers(app, "version 1.0")
		t.Logf("%s: all back after %s", name, time.Since(back).Round(10*time.Millisecond))
		if err := b.event(app, "crashed", ""); err == nil {
			t.Errorf("%s: the restart was called a crash: %s", name, b.events(app))
		}
	}
	if err := d.Command("nft", "delete", "table", "inet", "berth").Run(); err != nil {
		t.Errorf("the engine came back without the rules that keep tenants apart: %v", err)
	}
	b.eventually(time.Minute, func() error { // the worker puts them back
		return d.Command("nft", "list", "table", "inet", "berth").Run()
	})
}

// TestABrokenUploadLeavesNothing is fault F12.
func TestABrokenUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, nil)
	archive, err := os.ReadFile(testenv.Archive(t, testenv.ImageOptions{Version: "2.0", Extra: 8 << 20}))
	if err != nil {
		t.Fatal(err)
	}
	before := b.diskUse()
	for name, body := range map[string]string{"truncated": string(archive[:len(archive)/2]), "no archive": "hello"} {
		status, err := b.call("POST", "/api/v1/apps/"+app+"/versions?label=2.0", strings.NewReader(body), nil)
		if status != 422 {
			t.Errorf("%s: %d %v", name, status, err)
		}
	}
	reader, writer, _ := os.Pipe()
	go func() { writer.Write(archive[:len(archive)/2]); time.Sleep(time.Second); writer.Close() }()
	b.call("POST", "/api/v1/apps/"+app+"/versions?label=2.0", reader, nil)
	var versions struct{ Items []struct{ Label string } }
	b.do("GET", "/api/v1/apps/"+app+"/versions", nil, &versions)
	if len(versions.Items) != 1 {
		t.Errorf("versions: %+v", versions.Items)
	}
	b.eventually(60*time.Second, func() error {
		b.call("POST", "/api/v1/garbage-collections", nil, nil)
		if after := b.diskUse(); after > before+1<<20 {
			return fmt.Errorf("%d bytes before, %d after", before, after)
		}
		return nil
	})
}

// diskUse adds up what the data folder holds, but the database.
func (b *Berth) diskUse() (sum int64) {
	filepath.Walk(b.Data, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() && !strings.Contains(path, "berth.db") {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// TestZooKeeperIsAway is fault F6 for the registry, for so long that sessions end, and F7's registering again: two
// gateways go on with what they know, and say how old that is.
func TestZooKeeperIsAway(t *testing.T) {
	t.Parallel()
	z := testenv.StartZooKeeper(t)
	link := testenv.StartLink(t, z.Servers()[0])
	registry := withArgs("--registry", "zookeeper", "--zookeeper-servers", link.Servers()[0])
	b, app := online(t, testenv.ImageOptions{}, nil, registry)
	gateway := b.beside(alone(), registry)
	zk := connect(t, z)
	b.eventually(time.Minute, func() error {
		return errors.Join(addressIs(zk, app, "1.0", b.info(app).Instances), announced(zk, 2), served(gateway, app, "version 1.0"))
	})
	link.Sever()
	loads := []*load{b.load(app, "GET", "/"), gateway.load(app, "GET", "/")}
	b.upload(app, "2.0", testenv.ImageOptions{})
	op := b.release(app, map[string]any{"version": "2.0"}).Operation
	b.eventually(time.Minute, func() error { return announced(zk, 0) }) // the sessions have ended
	b.eventually(time.Minute, func() error {
		if b.registryAge() == "" {
			return errors.New("the age of what is served is not shown")
		}
		return nil
	})
	for _, at := range []*Berth{b, gateway} {
		if err := served(at, app, "version 1.0"); err != nil {
			t.Error(err)
		}
	}
	link.Mend()
	back := time.Now()
	for _, at := range []*Berth{b, gateway} {
		b.eventually(10*time.Second, func() error { return served(at, app, "version 2.0") })
	}
	t.Logf("converged %s after ZooKeeper came back", time.Since(back).Round(10*time.Millisecond))
	b.succeeds(op)
	b.eventually(time.Minute, func() error {
		return errors.Join(addressIs(zk, app, "2.0", b.info(app).Instances), b.ready(app, 1), announced(zk, 2))
	})
	for _, l := range loads {
		l.none(t)
	}
}

// announced checks how many gateways hold a session.
func announced(conn *zk.Conn, want int) error {
	nodes, _, err := conn.Children("/caas/gateway/node")
	if err == nil && len(nodes) != want {
		err = fmt.Errorf("gateways %v, want %d", nodes, want)
	}
	return err
}

// registryAge is how long ago the registry was heard of, as /readyz says it when it is not.
func (b *Berth) registryAge() string {
	b.t.Helper()
	var health struct {
		Parts map[string]struct{ State, Age string }
	}
	b.do("GET", "/readyz", nil, &health)
	if r := health.Parts["registry"]; r.State == "failed" {
		return r.Age
	}
	return ""
}

// TestTheGatewayStartsWithoutZooKeeper is fault F6 with a restart in the middle: the snapshot on disk serves, its age
// is shown, and everything converges when ZooKeeper is back.
func TestTheGatewayStartsWithoutZooKeeper(t *testing.T) {
	t.Parallel()
	z := testenv.StartZooKeeper(t)
	b, app := online(t, testenv.ImageOptions{}, nil, withArgs("--registry", "zookeeper", "--zookeeper-servers", z.Servers()[0]))
	gateway := b.beside(alone(), withArgs("--registry", "zookeeper", "--zookeeper-servers", z.Servers()[0]))
	b.eventually(10*time.Second, func() error { return served(gateway, app, "version 1.0") })
	z.Stop()
	for name, end := range map[string]func(){"TERM": b.Stop, "KILL": b.Kill} {
		end()
		b.Start() // is ready without ZooKeeper
		if err := served(b, app, "version 1.0"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if b.registryAge() == "" {
		t.Error("the age of what is served is not shown")
	}
	l := b.load(app, "GET", "/")
	b.upload(app, "2.0", testenv.ImageOptions{})
	op := b.release(app, map[string]any{"version": "2.0"}).Operation
	z.Start()
	back := time.Now()
	b.succeeds(op)
	for _, at := range []*Berth{b, gateway} {
		b.eventually(10*time.Second, func() error { return served(at, app, "version 2.0") })
	}
	t.Logf("converged %s after ZooKeeper came back", time.Since(back).Round(10*time.Millisecond))
	l.none(t)
}

// alone has a process be a gateway and nothing else, with an address and a data folder of its own.
func alone() option {
	return func(b *Berth) {
		b.Data, b.Gateway = b.t.TempDir(), "http://"+testenv.FreeAddress(b.t)
		b.args = append(b.args, "--roles", "gateway")
	}
}

// served checks what an app answers through the gateway of a process.
func served(b *Berth, app, want string) error {
	status, body, err := b.get(app, "/")
	if err == nil && (status != 200 || !strings.Contains(body, want)) {
		err = fmt.Errorf("%d %s", status, body)
	}
	return err
}
