package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// found returns the lines that a search of the API finds, the oldest first.
func (b *Berth) found(app, query string) ([]string, error) {
	req, err := http.NewRequest("GET", b.Portal+"/api/v1/apps/"+app+"/logs?format=text&"+query, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+b.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s %v", res.Status, data, err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	slices.Reverse(lines)
	return lines, nil
}

// awaitNumbers waits until every line "number N" is kept, and fails when one is kept twice.
func (b *Berth) awaitNumbers(app string, n int) {
	b.t.Helper()
	b.eventually(time.Minute, func() error {
		lines, err := b.found(app, "q=number")
		if err != nil {
			return err
		}
		next := 0
		for _, l := range lines {
			_, text, ok := strings.Cut(l, " number ")
			if !ok || strings.Contains(text, "/log") {
				continue // the app says of each request that it came
			}
			if got, err := strconv.Atoi(text); err != nil || got != next {
				return fmt.Errorf("%q where number %d belongs", l, next)
			}
			next++
		}
		if next != n {
			return fmt.Errorf("%d numbers of %d", next, n)
		}
		return nil
	})
}

// logStore returns the process id of the log store of this Berth.
func (b *Berth) logStore() int {
	b.t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[strings.LastIndex(string(data), ")")+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(b.cmd.Process.Pid) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			return pid
		}
	}
	b.t.Fatal("there is no log store")
	return 0
}

// TestEveryLineIsKeptOnce kills Berth and its log store while an app writes numbers, and deploys another version then.
func TestEveryLineIsKeptOnce(t *testing.T) {
	t.Parallel()
	const numbers = 4000
	b, app := online(t, testenv.ImageOptions{}, nil)
	var view struct {
		Instances []struct{ Host, Address string }
	}
	b.do("GET", "/api/v1/apps/"+app, nil, &view)
	at := "http://" + view.Instances[0].Address
	written := make(chan error, 1)
	go func() {
		for n := range numbers {
			res, err := http.Get(at + "/log?line=" + url.QueryEscape(fmt.Sprint("number ", n)))
			if err != nil {
				written <- err
				return
			}
			res.Body.Close()
			time.Sleep(2 * time.Millisecond)
		}
		written <- nil
	}()
	for range 2 {
		time.Sleep(1500 * time.Millisecond)
		b.Kill()
		b.Start()
		time.Sleep(500 * time.Millisecond)
		if err := syscall.Kill(b.logStore(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	b.awaitNumbers(app, numbers)

	b.upload(app, "2.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "2.0"})
	b.awaitNumbers(app, numbers)
	if old, err := b.found(app, "version=1.0&q=number+17"); err != nil || len(old) == 0 {
		t.Errorf("the lines of the version before: %q, %v", old, err)
	}
}
