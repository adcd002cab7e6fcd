package victoria_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/core"
	"berth/worker/logs/victoria"
	"berth/worker/logs/victoria/process"
)

// TestFullDisk fills a small disk with lines, and then to the last byte. Meanwhile what is kept can be read, and when
// there is room again lines are taken; none that was taken before is lost.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, 96)
	s := startAgain(t, dir)
	taken := 0
	write := func() error {
		var lines []core.LogRecord
		for i := range 200 {
			lines = append(lines, core.LogRecord{TenantID: "acme", AppID: "shop", LogLine: core.LogLine{Instance: "a", Stream: "stdout",
				Time: time.Now().Add(-time.Hour).Add(time.Duration(taken+i) * time.Millisecond), Line: fmt.Sprint(taken+i, " ", noise())}})
		}
		err := s.Append(t.Context(), lines)
		if err == nil {
			taken += len(lines)
		}
		return err
	}
	var err error
	for end := time.Now().Add(2 * time.Minute); err == nil; err = write() {
		if time.Now().After(end) {
			t.Fatal("the disk is never full")
		}
	}
	if core.ErrorCode(err) != core.EINSUFFICIENT {
		t.Fatalf("on a full disk: %v", err)
	}
	t.Logf("%d lines were taken", taken)
	if _, err := s.Epoch(t.Context()); core.ErrorCode(err) != core.EINSUFFICIENT {
		t.Errorf("whether lines can be taken: %v", err)
	}
	all := func() int {
		times, err := s.Times(t.Context(), "a", time.Now().Add(-2*time.Hour))
		if err != nil {
			return -1
		}
		return len(times)
	}
	if n := all(); n < taken {
		t.Errorf("%d of %d lines can be read", n, taken)
	}

	rest := filepath.Join(dir, "rest")
	fillUp(t, rest)
	if err := write(); err == nil {
		t.Error("lines were taken on a disk without a byte")
	}
	if err := os.Remove(rest); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=300m"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if err = write(); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("with room again: %v", err)
		}
	}
	if n := all(); n < taken {
		t.Errorf("%d of %d lines are left", n, taken)
	}
}

// noise is a kilobyte that does not compress.
func noise() string {
	var b strings.Builder
	for range 32 {
		b.WriteString(core.NewID())
	}
	return b.String()
}

// smallDisk is a directory with room for so many MiB.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", size)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fillUp writes a file until nothing is left.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); len(block) > 0; {
		if _, err := f.Write(block); err != nil {
			block = block[:len(block)/2]
		}
	}
}

// startAgain is start for a child that may end, and is started again then, as the supervisor does.
func startAgain(t *testing.T, dir string) *victoria.Store {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for k := (process.Keeper{Dir: dir, Command: []string{"serve", dir}, Log: slog.New(slog.DiscardHandler)}); ctx.Err() == nil; time.Sleep(100 * time.Millisecond) {
			_ = k.Run(ctx)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	s := victoria.NewLocal(process.Socket(dir))
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := s.Epoch(ctx); err == nil {
			return s
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
