package store_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/core"
	"berth/core/store"
	"berth/e2e/testenv"
)

// within bounds how long a fault may keep a caller: the store's patience and a little for a busy machine.
const within = 15 * time.Second

// TestSQLiteLocked: another program holds the write lock. Writes give up in time, reads go on, and all is well when
// it lets go.
func TestSQLiteLocked(t *testing.T) {
	t.Parallel()
	o := store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: key[:]}
	s := open(t, o)
	app := newApp(t, s)
	conn, err := raw(t, o).Conn(t.Context())
	ok(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	ok(t, err)

	created := make(chan error)
	for _, write := range []func() error{
		func() error { return s.Apps().UpdateStatus(system(t), app) },
		func() error { return s.Tenants().Create(system(t), core.Tenant{ID: "late"}) },
		func() error { return s.Transact(system(t), func(core.Store) error { return nil }) },
	} {
		go func() {
			begun := time.Now()
			err := write()
			if d := time.Since(begun); d < 4*time.Second || d > within {
				t.Errorf("a write gave up after %v, want about 5s", d)
			}
			created <- err
		}()
	}
	begun := time.Now()
	_, err = s.Apps().Get(system(t), app.ID)
	ok(t, err)
	if d := time.Since(begun); d > 3*time.Second {
		t.Errorf("a read waited %v for a writer", d)
	}
	for range 3 {
		unavailable(t, <-created)
	}
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	ok(t, err)
	ok(t, s.Apps().UpdateStatus(system(t), app))
}

// TestSQLiteWaits: a lock that is held for a moment is waited for.
func TestSQLiteWaits(t *testing.T) {
	t.Parallel()
	o := store.Options{Driver: "sqlite", Dir: t.TempDir(), Key: key[:]}
	s := open(t, o)
	app := newApp(t, s)
	conn, err := raw(t, o).Conn(t.Context())
	ok(t, err)
	defer conn.Close()
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	ok(t, err)
	time.AfterFunc(time.Second, func() { conn.ExecContext(context.Background(), "ROLLBACK") })
	ok(t, s.Apps().UpdateStatus(system(t), app))
}

// TestSQLiteDiskFull: a small file system, filled. Reads go on, and writes as soon as there is room.
func TestSQLiteDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ok(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"))
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	s := open(t, store.Options{Driver: "sqlite", Dir: dir, Key: key[:]})
	app := newApp(t, s)
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	full := 0
	for range 200 {
		err := s.Apps().Create(system(t), core.App{ID: core.NewInstanceID(), TenantID: app.TenantID, Name: "More"})
		switch core.ErrorCode(err) {
		case core.EINSUFFICIENT:
			full++
		case "":
		default:
			t.Fatalf("got %v, want insufficient", err)
		}
	}
	if full == 0 {
		t.Fatal("nothing failed on a full disk")
	}
	_, err := s.Apps().Get(system(t), app.ID)
	ok(t, err)
	ok(t, os.Remove(filler))
	ok(t, s.Apps().UpdateStatus(system(t), app))
	var verdict string
	ok(t, raw(t, store.Options{Driver: "sqlite", Dir: dir}).QueryRow("PRAGMA integrity_check").Scan(&verdict))
	if verdict != "ok" {
		t.Fatal(verdict)
	}
}

// TestSQLiteGone: no directory, and something else in the place of the database.
func TestSQLiteGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	ok(t, os.WriteFile(file, nil, 0o600))
	o := store.Options{Driver: "sqlite", Dir: filepath.Join(file, "below"), Key: key[:]}
	unavailable(t, store.Migrate(t.Context(), o))
	_, err := store.Open(t.Context(), o)
	unavailable(t, err)
}

// TestMySQLGone: the server is stopped, killed and frozen; each time callers are told in time, and once it is back
// the same store works again.
func TestMySQLGone(t *testing.T) {
	t.Parallel()
	server := testenv.StartMariaDB(t)
	o := store.Options{Driver: "mysql", DSN: server.DSN("berth"), Key: key[:]}
	s := open(t, o)
	app := newApp(t, s)
	for _, fault := range []struct {
		name       string
		down, back func()
	}{
		{"stopped", server.Stop, server.Start},
		{"killed", server.Kill, server.Start},
		{"frozen", server.Freeze, server.Thaw},
	} {
		fault.down()
		begun := time.Now()
		_, err := s.Apps().Get(system(t), app.ID)
		unavailable(t, err)
		if fault.name != "frozen" {
			unavailable(t, s.Apps().UpdateStatus(system(t), app))
			unavailable(t, s.Transact(system(t), func(core.Store) error { return nil }))
			unavailable(t, store.Migrate(t.Context(), o))
		}
		if d := time.Since(begun); d > within {
			t.Errorf("%s: callers were kept %v", fault.name, d)
		}
		fault.back()
		ok(t, s.Apps().UpdateStatus(system(t), app))
	}
}

// testMySQLLocked: a row that another program holds is waited for, but not for ever.
func testMySQLLocked(t *testing.T, server *testenv.MariaDB) {
	o := store.Options{Driver: "mysql", DSN: server.DSN("locked"), Key: key[:]}
	s := open(t, o)
	app := newApp(t, s)
	tx, err := raw(t, o).BeginTx(t.Context(), nil)
	ok(t, err)
	_, err = tx.Exec("UPDATE apps SET serving = 1")
	ok(t, err)
	begun := time.Now()
	unavailable(t, s.Apps().UpdateStatus(system(t), app))
	if d := time.Since(begun); d < 3*time.Second || d > within {
		t.Errorf("a write gave up after %v, want about 5s", d)
	}
	ok(t, tx.Rollback())
	ok(t, s.Apps().UpdateStatus(system(t), app))
}

// TestMySQLFull: the server has no room left. A full disk under MariaDB ends it, so here its files are capped instead.
func TestMySQLFull(t *testing.T) {
	t.Parallel()
	server := testenv.StartMariaDB(t, "--innodb-file-per-table=0",
		"--innodb-data-file-path=ibdata1:12M:autoextend:max:20M")
	s := open(t, store.Options{Driver: "mysql", DSN: server.DSN("berth"), Key: key[:]})
	app := newApp(t, s)
	app.Reason = core.T("reason.x", "text", strings.Repeat("x", 1<<20))
	var err error
	for i := 0; err == nil && i < 100; i++ {
		err = s.Apps().Create(system(t), core.App{ID: core.NewInstanceID(), TenantID: app.TenantID, Reason: app.Reason})
	}
	if core.ErrorCode(err) != core.EINSUFFICIENT {
		t.Fatalf("got %v, want insufficient", err)
	}
	_, err = s.Apps().Get(system(t), app.ID)
	ok(t, err)
}
