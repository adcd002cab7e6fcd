package docker_test

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/worker/engine/docker"
)

// TestLogResumesWhileTheClockIsSetBack goes on behind each line of a log whose end the engine has stamped with earlier
// times than its beginning. An engine cannot be given a clock, so that one is played that leaves out what it stamped
// before "since", as the real one does.
func TestLogResumesWhileTheClockIsSetBack(t *testing.T) {
	now := time.Now()
	var stamps []time.Time
	for n := range 10 {
		stamps = append(stamps, now.Add(time.Hour+time.Duration(n)*time.Second))
	}
	for n := range 10 {
		stamps = append(stamps, now.Add(time.Duration(n-20)*time.Second))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/logs") {
			w.Header().Set("Api-Version", "1.41")
			return
		}
		since, _ := strconv.ParseFloat(r.URL.Query().Get("since"), 64)
		for n, at := range stamps {
			if float64(at.UnixMilli())/1000 >= since {
				frame := fmt.Sprintf("%s line %d\n", at.UTC().Format(time.RFC3339Nano), n)
				w.Write(append(binary.BigEndian.AppendUint32([]byte{1, 0, 0, 0}, uint32(len(frame))), frame...))
			}
		}
	}))
	defer server.Close()
	engine, err := docker.New(docker.Options{Host: "tcp://" + server.Listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	read := func(since time.Time) (lines []core.LogLine) {
		t.Helper()
		err := engine.Logs(t.Context(), "c", core.LogQuery{Since: since}, func(l core.LogLine) error {
			lines = append(lines, l)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return lines
	}
	all := read(time.Time{})
	if len(all) != len(stamps) {
		t.Fatalf("%d lines, want %d", len(all), len(stamps))
	}
	for n, l := range all {
		if rest := read(l.Time); !slices.Equal(rest, all[n+1:]) {
			t.Fatalf("behind line %d come %d lines, want %d", n, len(rest), len(all)-n-1)
		}
	}
}
