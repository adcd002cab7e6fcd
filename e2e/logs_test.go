package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/client"
	"github.com/gorilla/websocket"

	"berth/e2e/testenv"
)

type logLine struct {
	Instance, Version, Stream, Line, Cursor string
	Dropped                                 int
}

// logs opens the socket of an app's log.
func (b *Berth) logs(app, query string) *websocket.Conn {
	b.t.Helper()
	header := http.Header{"Authorization": {"Bearer " + b.token}}
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(b.Portal, "http")+"/api/v1/apps/"+app+"/logs"+query, header)
	if err != nil {
		b.t.Fatalf("%v %+v", err, res)
	}
	b.t.Cleanup(func() { conn.Close() })
	return conn
}

// until reads lines until one holds a word, and returns all.
func until(t testing.TB, conn *websocket.Conn, word string) []logLine {
	t.Helper()
	var lines []logLine
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		var l logLine
		if err := conn.ReadJSON(&l); err != nil {
			t.Fatalf("waiting for %q after %d lines: %v", word, len(lines), err)
		}
		lines = append(lines, l)
		if strings.Contains(l.Line, word) {
			return lines
		}
	}
}

func TestLogsFollowTheAppAcrossInstances(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	conn := b.logs(app, "")
	until(t, conn, "listening")
	for n := range 20 {
		b.get(app, "/log?line="+url.QueryEscape(fmt.Sprintf("word %d", n)))
	}
	lines := until(t, conn, "word 19")
	b.get(app, "/log?stream=stderr&line="+url.QueryEscape("to stderr"))
	if got := until(t, conn, "to stderr"); got[len(got)-1].Stream != "stderr" {
		t.Errorf("%+v", got[len(got)-1])
	}
	conn.Close()

	for n := 20; n < 40; n++ {
		b.get(app, "/log?line="+url.QueryEscape(fmt.Sprintf("word %d", n)))
	}
	resumed := b.logs(app, "?since="+url.QueryEscape(lines[len(lines)-1].Cursor))
	checkOnce(t, resumed, 20, 40)

	b.upload(app, "2.0", testenv.ImageOptions{})
	follow := b.logs(app, "?tail=1")
	b.deploy(app, map[string]any{"version": "2.0"})
	if last := until(t, follow, "starting version 2.0"); last[len(last)-1].Version != "2.0" {
		t.Errorf("%+v", last[len(last)-1])
	}
}

// checkOnce reads until each of some numbered lines has come, whichever instance wrote it, and checks that none came
// twice.
func checkOnce(t testing.TB, conn *websocket.Conn, from, to int) {
	t.Helper()
	count := map[string]int{}
	for len(count) < to-from {
		lines := until(t, conn, "word ")
		words := strings.Fields(lines[len(lines)-1].Line)
		n, err := strconv.Atoi(words[len(words)-1])
		if err == nil && n >= from { // one before may still have been on its way from another instance
			count[strconv.Itoa(n)]++
		}
	}
	for n := from; n < to; n++ {
		if got := count[fmt.Sprint(n)]; got != 1 {
			t.Errorf("line %d came %d times", n, got)
		}
	}
}

// TestAFloodOfLinesIsBounded is fault F16: an instance writes without end. A viewer that does not read is told what was
// left out, the engine keeps little, and the instance is asked, measured and left alone as any other.
func TestAFloodOfLinesIsBounded(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"health": map[string]any{"path": "/healthz", "interval": "1s"}})
	var set accepted
	b.do("PUT", "/api/v1/apps/"+app+"/scaling", map[string]any{"min": 1, "max": 3, "rules": []any{map[string]any{"metric": "requests", "target": 1000}}}, &set)
	b.succeeds(set.Operation)
	conn := b.logs(app, "?tail=1")
	ctx, end := context.WithCancel(t.Context())
	defer end()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+b.info(app).Instances[0].Address+"/flood?n=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	go http.DefaultClient.Do(req)
	time.Sleep(3 * time.Second) // nobody reads meanwhile
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	dropped := 0
	for range 200_000 {
		var l logLine
		if err := conn.ReadJSON(&l); err != nil {
			t.Logf("the viewer was let go: %v", err)
			dropped++
			break
		}
		if l.Dropped > 0 {
			dropped += l.Dropped
			break
		}
	}
	if dropped == 0 {
		t.Error("a viewer that did not read got every line")
	}
	b.eventually(time.Minute, func() error {
		series := b.metric(app, "cpu").Series
		if len(series) == 0 || int64(series[0].Points[len(series[0].Points)-1][0]) < began.Add(10*time.Second).Unix() {
			return errors.New("it is not measured any more")
		}
		return nil
	})
	list := b.info(app).Instances
	if len(list) != 1 || list[0].Status != "running" || list[0].Crashes > 0 || len(list[0].Health) == 0 || list[0].Health[0].At.Before(began.Add(5*time.Second)) {
		t.Errorf("%+v; %s", list, b.events(app))
	}
	for _, kind := range []string{"unhealthy", "crashed", "scaled"} {
		if n := b.count(app, kind); n > 0 {
			t.Errorf("it was %s %d times: %s", kind, n, b.events(app))
		}
	}
	c := testenv.Docker(t)
	if size := logSize(t, c, b.theContainer(c, app)); size > 30<<20+1<<16 {
		t.Errorf("the engine keeps %d bytes of its log", size)
	}
	if most := b.memory("VmHWM"); most > 512 {
		t.Errorf("Berth took %.0f MiB", most)
	}
	b.answers(app, "version 1.0")
}

// logSize returns how much the engine keeps on disk of what a container wrote.
func logSize(t *testing.T, c *client.Client, container string) (size int64) {
	t.Helper()
	info, err := c.ContainerInspect(t.Context(), container)
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(info.LogPath + "*")
	for _, f := range files {
		if info, err := os.Stat(f); err == nil { // or it was rotated away
			size += info.Size()
		}
	}
	if size == 0 {
		t.Error("the log is nowhere")
	}
	return size
}
