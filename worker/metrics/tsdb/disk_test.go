package tsdb

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"berth/core"
)

// A full disk is said, what was kept is read, and measuring goes on by itself once there is room, also after a start.
func TestADiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=16m"); err != nil {
		t.Fatal(err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	c := &clock{begin}
	s := open1(t, filepath.Join(dir, "metrics"), c)
	fill(t, s, c, 10*time.Minute)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 32<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	var samples []core.MetricSample // enough that what the file system has allocated already does not hold it
	for n := range 5000 {
		samples = append(samples, core.MetricSample{MetricLabels: labelsOfInstance(fmt.Sprint("more", n)), Metric: core.MetricMemory, Value: float64(n)})
	}
	var err error
	for range 20 {
		c.t = c.t.Add(core.MetricEvery)
		if err = s.Append(context.Background(), c.t, samples); err != nil {
			break
		}
	}
	if core.ErrorCode(err) != core.EINSUFFICIENT || core.ErrorCode(s.Fault()) != core.EINSUFFICIENT {
		t.Fatalf("on a full disk: %v, and the fault is %v", err, s.Fault())
	}
	q := core.MetricQuery{From: begin, To: begin.Add(10 * time.Minute), Step: time.Minute}
	if all := ask(t, s, q); len(all) != 1 || len(all[0].Points) != 10 {
		t.Errorf("of before there is %+v", all)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	c.t = begin.Add(15 * time.Minute)
	fill(t, s, c, 5*time.Minute)
	if err := s.Fault(); err != nil {
		t.Errorf("with room again: %v", err)
	}
	q.To = begin.Add(20 * time.Minute)
	if all := ask(t, s, q); len(all) != 1 || len(all[0].Points) < 15 {
		t.Errorf("with room again there is %+v", all)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open1(t, filepath.Join(dir, "metrics"), c)
	defer s.Close()
	if all := ask(t, s, q); len(all) != 1 || len(all[0].Points) < 15 {
		t.Errorf("after a start there is %+v", all)
	}
}
