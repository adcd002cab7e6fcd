package victoria_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/core"
	"berth/worker/logs/victoria"
)

const (
	benchLines = 1_000_000
	benchBatch = 2000
	benchRate  = 50_000 // lines a second that are to be taken in by one core
)

// BenchmarkMillionLines takes in a million lines of an app with three instances, half of them JSON, and looks for some
// of them. It says how many cores 50,000 lines a second take, of this process and of the store's together; how much
// disk they take; and how long searches last.
func BenchmarkMillionLines(b *testing.B) {
	for range b.N {
		dir := b.TempDir()
		s, stop := start(b, dir)
		child := childOf(b)
		before := cpu(b, child)
		in, made := fill(b, s)
		spent := cpu(b, child) - before - made
		b.ReportMetric(spent.Seconds()*benchRate/benchLines, "cores-at-50000/s")
		for name, q := range map[string]core.LogSearch{
			"newest": {}, "rare-word": {Words: []string{"needle"}}, "no-match": {Words: []string{"nowhere-to-be-found"}},
			"common-word": {Words: []string{"request"}}, "level": {Level: core.LogError}, "field": {Fields: []core.LogField{{Name: "status", Value: "503"}}},
			"instance-and-word": {Instance: "b", Words: []string{"POST", "/cart"}},
		} {
			q.TenantID, q.AppID, q.Limit = "acme", "shop", 200
			slowest := time.Duration(0)
			for range 5 {
				began := time.Now()
				if _, _, err := s.Search(b.Context(), q); err != nil {
					b.Fatal(err)
				}
				slowest = max(slowest, time.Since(began))
			}
			b.ReportMetric(float64(slowest.Microseconds())/1000, name+"-ms")
		}
		stop()
		b.ReportMetric(float64(size(b, dir))/float64(in), "disk/in")
	}
}

// fill appends lines. It returns how many bytes they have, and what it took of the processor to make them up.
func fill(b *testing.B, s *victoria.Store) (bytes int, made time.Duration) {
	b.Helper()
	begin := time.Now().Add(-time.Hour)
	random := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < benchLines; n += benchBatch {
		began := own(b)
		batch := make([]core.LogRecord, benchBatch)
		for i := range batch {
			batch[i] = benchLine(random, n+i, begin)
			bytes += len(batch[i].Line) + 1
		}
		made += own(b) - began
		if err := s.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := s.Times(b.Context(), "none", begin); err != nil { // so that all are found
		b.Fatal(err)
	}
	return bytes, made
}

func benchLine(random *rand.Rand, n int, begin time.Time) core.LogRecord {
	paths := []string{"/", "/cart", "/products/" + strconv.Itoa(random.IntN(5000)), "/login", "/assets/app.css"}
	path, method := paths[random.IntN(len(paths))], []string{"GET", "POST"}[random.IntN(2)]
	level, status := core.LogInfo, 200
	if random.IntN(200) == 0 {
		level, status = core.LogError, 503
	}
	line := fmt.Sprintf("2026-01-31 09:30:%02d INFO request %08x from 10.%d.%d.%d: %s %s in %dms", n%60, random.Uint32(), random.IntN(256),
		random.IntN(256), random.IntN(256), method, path, random.IntN(900))
	if n%2 == 0 {
		line = fmt.Sprintf(`{"level":"%s","msg":"request done","request":"%08x","method":"%s","path":"%s","status":%d,"ms":%d,"user":%d}`, level,
			random.Uint32(), method, path, status, random.IntN(900), random.IntN(100000))
	}
	if n%250_000 == 777 {
		line += " needle"
	}
	return core.LogRecord{TenantID: "acme", AppID: "shop", LogLine: core.LogLine{Time: begin.Add(time.Duration(n) * 3 * time.Millisecond),
		Instance: []string{"a", "b", "c"}[n%3], Version: "1.0", Stream: "stdout", Level: level, Line: line}}
}

// childOf returns the process id of the store.
func childOf(b *testing.B) int {
	b.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		if f := statOf(path); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	b.Fatal("there is no store")
	return 0
}

// statOf returns the fields of /proc/PID/stat behind the name.
func statOf(path string) []string {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	return strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
}

// cpu returns what this process and the store have used.
func cpu(b *testing.B, child int) time.Duration {
	b.Helper()
	f := statOf(fmt.Sprintf("/proc/%d/stat", child))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return own(b) + time.Duration(user+system)*(time.Second/100)
}

// own is what this process has taken.
func own(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func size(b *testing.B, dir string) (bytes int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return bytes
}
