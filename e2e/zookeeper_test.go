package e2e

import (
	"fmt"
	"path"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/e2e/testenv"
)

// connect reads ZooKeeper as another tool would.
func connect(t testing.TB, z *testenv.ZooKeeper) *zk.Conn {
	t.Helper()
	conn, _, err := zk.Connect(z.Servers(), 4*time.Second, zk.WithLogInfo(false), zk.WithLogger(silent{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// addressIs checks that exactly the instances of one version are registered, each as "{hostIP}:{port}".
func addressIs(conn *zk.Conn, app, version string, instances []instance) error {
	base := path.Join("/caas/service/address", app)
	versions, _, err := conn.Children(base)
	if err != nil {
		return err
	}
	if len(versions) != 1 || versions[0] != version {
		return fmt.Errorf("versions %v, want %s", versions, version)
	}
	containers, _, err := conn.Children(path.Join(base, version))
	if err != nil || len(containers) != len(instances) {
		return fmt.Errorf("registered %v, running %+v, %v", containers, instances, err)
	}
	registered := map[string]bool{}
	for _, c := range containers {
		data, stat, err := conn.Get(path.Join(base, version, c))
		if err != nil {
			return err
		}
		if stat.EphemeralOwner != 0 {
			return fmt.Errorf("%s dies with a session", c)
		}
		registered[string(data)] = true
	}
	for _, i := range instances {
		if !registered[i.Address] {
			return fmt.Errorf("%s is not registered: %v", i.Address, registered)
		}
	}
	return nil
}

// TestRubbishInZooKeeper is fault F15: one malformed entry hurts no other.
func TestRubbishInZooKeeper(t *testing.T) {
	t.Parallel()
	z := testenv.StartZooKeeper(t)
	b, app := online(t, testenv.ImageOptions{}, nil, withArgs("--registry", "zookeeper", "--zookeeper-servers", z.Servers()[0]))
	conn := connect(t, z)
	for _, n := range []struct{ path, data string }{ // in this order: a node's parent comes before it
		{"/caas/gateway/route/rubbish.localhost", "{not json"},
		{"/caas/gateway/route/..%2f", `{"appId":"../x"}`},
		{"/caas/service/address/rubbish", ""},
		{"/caas/service/address/rubbish/1.0", ""},
		{"/caas/service/address/rubbish/1.0/x", "nonsense:port:99"},
	} {
		if _, err := conn.Create(n.path, []byte(n.data), 0, zk.WorldACL(zk.PermAll)); err != nil {
			t.Fatalf("%s: %v", n.path, err)
		}
	}
	b.upload(app, "2.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "2.0"})
	b.answers(app, "version 2.0")
}
