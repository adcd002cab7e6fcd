package e2e

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"berth/e2e/testenv"
)

// TestAnInstanceDiesWhileTheDatabaseIsLocked is fault F8 for health: changes are refused for a while, no request
// fails, and what died meanwhile is mended when the database is back.
func TestAnInstanceDiesWhileTheDatabaseIsLocked(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	l := b.load(app, "GET", "/")
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.Data, "berth.db")+"?_busy_timeout=30000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	lock, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	c := testenv.Docker(t)
	dead := b.containers(c, app)[0].ID
	if err := c.ContainerKill(t.Context(), dead, "KILL"); err != nil {
		t.Fatal(err)
	}
	if status, err := b.call("POST", "/api/v1/tenants", map[string]any{"name": "Late"}, nil); status != 503 {
		t.Errorf("a change: %d %v", status, err)
	}
	if _, err := lock.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	b.eventually(time.Minute, func() error { return b.event(app, "crashed", "") })
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	l.none(t)
}

// TestAnInstanceDiesWhileTheDiskIsFull is fault F9 for health: changes are refused with words, reads and requests go on,
// the instance is mended at the latest when there is room, and the database is sound.
func TestAnInstanceDiesWhileTheDiskIsFull(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2}, onSmallDisk)
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	l := b.load(app, "GET", "/")
	filler := fill(t, b.Data)
	var refused error
	b.eventually(time.Minute, func() error { // what the database has in its files already can still be used up
		status, err := b.call("POST", "/api/v1/tenants", map[string]any{"name": "Late"}, nil)
		if status < 500 {
			return fmt.Errorf("a change: %d %v", status, err)
		}
		refused = err
		return nil
	})
	if !strings.Contains(refused.Error(), "disk") {
		t.Errorf("it does not say why: %v", refused)
	}
	c := testenv.Docker(t)
	if err := c.ContainerKill(t.Context(), b.containers(c, app)[0].ID, "KILL"); err != nil {
		t.Fatal(err)
	}
	if d := b.diagnosis(app); len(d.Steps) == 0 {
		t.Errorf("reads do not go on: %+v", d)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	b.eventually(time.Minute, func() error { return b.event(app, "crashed", "") })
	b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	t.Logf("mended %s after there was room", time.Since(began).Round(10*time.Millisecond))
	l.none(t)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.Data, "berth.db")+"?_busy_timeout=30000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var sound string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("the database: %s %v", sound, err)
	}
}

// onSmallDisk gives the data folder a file system of its own.
func onSmallDisk(b *Berth) {
	if err := syscall.Mount("berth-test", b.Data, "tmpfs", 0, "size=128m"); err != nil {
		b.t.Fatal("mount a small disk, which root may do: ", err)
	}
	b.t.Cleanup(func() { syscall.Unmount(b.Data, syscall.MNT_DETACH) })
}

// fill takes all that is left of a file system, and returns the file that does.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size >= 1; size /= 4 {
		for block := make([]byte, size); ; {
			if _, err := f.Write(block); err != nil {
				break
			}
		}
	}
	return f.Name()
}
