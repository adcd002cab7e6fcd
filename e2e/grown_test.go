package e2e

import (
	"testing"

	"berth/e2e/testenv"
)

// TestOnMySQLAndZooKeeper does the main job on the engines for more than one machine, with the portal in one process
// and the worker and the gateway in another.
func TestOnMySQLAndZooKeeper(t *testing.T) {
	t.Parallel()
	z, m := testenv.StartZooKeeper(t), testenv.StartMariaDB(t)
	m.SQL("CREATE DATABASE berth")
	shared := withArgs("--registry", "zookeeper", "--zookeeper-servers", z.Servers()[0],
		"--database", "mysql", "--database-dsn", m.DSN("berth"))
	portal := start(t, shared, withArgs("--roles", "portal"))
	worker := portal.beside(shared, withArgs("--roles", "worker,gateway"))
	app := portal.app(portal.tenant("Acme"), "Shop")
	portal.upload(app, "1.0", testenv.ImageOptions{})
	portal.deploy(app, map[string]any{"version": "1.0"})
	portal.answers(app, "version 1.0")
	if err := addressIs(connect(t, z), app, "1.0", portal.info(app).Instances); err != nil {
		t.Error(err)
	}

	worker.Kill()
	portal.upload(app, "2.0", testenv.ImageOptions{})
	op := portal.release(app, map[string]any{"version": "2.0"}).Operation
	worker.Start()
	portal.succeeds(op)
	portal.answers(app, "version 2.0")
}
