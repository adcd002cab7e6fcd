package store_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/core/store/storetest"
	"berth/e2e/testenv"
)

// TestMain runs the second process of a test when it is asked to.
func TestMain(m *testing.M) {
	if options := os.Getenv(racerEnv); options != "" {
		os.Exit(racer(options))
	}
	os.Exit(m.Run())
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	testDatabase(t, func(t testing.TB) (store.Options, string) {
		dir := t.TempDir()
		return store.Options{Driver: "sqlite", Dir: dir, Key: key[:]}, dir
	})
}

func TestMySQL(t *testing.T) {
	t.Parallel()
	server := testenv.StartMariaDB(t)
	t.Run("Locked", func(t *testing.T) {
		t.Parallel()
		testMySQLLocked(t, server)
	})
	t.Run("Schemas", func(t *testing.T) { testSchemas(t, server) })
	var n atomic.Int32
	testDatabase(t, func(t testing.TB) (store.Options, string) {
		dsn := server.DSN(fmt.Sprintf("berth%d", n.Add(1)))
		return store.Options{Driver: "mysql", DSN: dsn, Key: key[:]}, server.Dir
	})
}

// fresh makes an empty database and says in which directory its files lie.
type fresh func(t testing.TB) (o store.Options, dir string)

// testDatabase is what both databases pass: the suite, and what needs more than a core.Store.
func testDatabase(t *testing.T, fresh fresh) {
	t.Run("Suite", func(t *testing.T) {
		o, _ := fresh(t)
		storetest.Run(t, func(t *testing.T) core.Store { return open(t, o) })
	})
	t.Run("Sealed", func(t *testing.T) { testSealed(t, fresh) })
	t.Run("WrongKey", func(t *testing.T) { testWrongKey(t, fresh) })
	t.Run("SealMoved", func(t *testing.T) { testSealMoved(t, fresh) })
	t.Run("Migrate", func(t *testing.T) { testMigrate(t, fresh) })
	t.Run("MigrateCutOff", func(t *testing.T) { testMigrateCutOff(t, fresh) })
	t.Run("MigrateNewer", func(t *testing.T) { testMigrateNewer(t, fresh) })
	t.Run("LastPortOfTwoProcesses", func(t *testing.T) { testTwoProcesses(t, fresh) })
	t.Run("Closed", func(t *testing.T) { testClosed(t, fresh) })
	t.Run("Cancelled", func(t *testing.T) { testCancelled(t, fresh) })
}

func testClosed(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	s := open(t, o)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	unavailable(t, s.Ping(t.Context()))
}

// testCancelled: a caller that has gone gets its own error and costs nobody else a connection.
func testCancelled(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	s := open(t, o)
	ctx, cancel := context.WithCancel(system(t))
	cancel()
	for range 50 {
		unavailable(t, s.Tenants().Create(ctx, core.Tenant{ID: "gone"}))
	}
	for range 50 {
		ctx, cancel := context.WithCancel(system(t))
		err := s.Transact(ctx, func(tx core.Store) error {
			cancel()
			return tx.Tenants().Create(ctx, core.Tenant{ID: "gone"})
		})
		unavailable(t, err)
	}
	newApp(t, s)
}

var key = sha256.Sum256([]byte("a key of the tests"))

// open migrates and opens another handle.
func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	if err := store.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func system(t testing.TB) context.Context { return core.WithActor(t.Context(), core.System()) }

// newApp makes a tenant and an app.
func newApp(t testing.TB, s core.Store) core.App {
	t.Helper()
	tenant := core.Tenant{ID: "t" + core.NewInstanceID(), Name: "Acme", CreatedAt: time.Now()}
	ok(t, s.Tenants().Create(system(t), tenant))
	app := core.App{ID: "a" + core.NewInstanceID(), TenantID: tenant.ID, Name: "Tea shop", CreatedAt: time.Now()}
	ok(t, s.Apps().Create(system(t), app))
	return app
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unavailable checks that an error says when to come back.
func unavailable(t testing.TB, err error) {
	t.Helper()
	e, isError := err.(*core.Error)
	if !isError || e.Code != core.EUNAVAILABLE || e.RetryAfter <= 0 {
		t.Fatalf("got %v, want unavailable and when to come back", err)
	}
}
