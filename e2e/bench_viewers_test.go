package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/e2e/testenv"
)

// BenchmarkViewers measures what each of 1,000 who read one log live takes of Berth's memory, while lines come.
func BenchmarkViewers(b *testing.B) {
	const (
		viewers  = 1000
		ofAToken = 50 // the most that one may open
		lines    = 200
	)
	for range b.N {
		berth, app := online(b, testenv.ImageOptions{}, nil)
		var tenants struct{ Items []struct{ ID string } }
		berth.do("GET", "/api/v1/tenants", nil, &tenants)
		until(b, berth.logs(app, "?tail=1"), "GET /")
		time.Sleep(10 * time.Second)
		before := berth.memory("VmRSS")
		var read atomic.Int64
		for range viewers / ofAToken {
			var made struct{ Token string }
			berth.do("POST", "/api/v1/tenants/"+tenants.Items[0].ID+"/tokens", map[string]any{"name": "viewers", "scope": "read"}, &made)
			for range ofAToken {
				go countLines(berth.watch(b, app, made.Token), &read)
			}
		}
		for n := range lines {
			berth.get(app, "/log?line="+url.QueryEscape(fmt.Sprint("line ", n)))
			time.Sleep(20 * time.Millisecond)
		}
		for end := time.Now().Add(time.Minute); read.Load() < viewers*lines; time.Sleep(100 * time.Millisecond) {
			if time.Now().After(end) {
				b.Fatalf("%d lines were read", read.Load())
			}
		}
		b.ReportMetric((berth.memory("VmRSS")-before)*1024/viewers, "KiB-each")
	}
	b.ReportMetric(0, "ns/op")
}

// watch reads the log of an app live, with a token, from now on.
func (b *Berth) watch(t testing.TB, app, token string) *websocket.Conn {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(b.Portal, "http")+"/api/v1/apps/"+app+"/logs?tail=0",
		http.Header{"Authorization": {"Bearer " + token}})
	if err != nil {
		t.Fatalf("%v %+v", err, res)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func countLines(conn *websocket.Conn, read *atomic.Int64) {
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if strings.Contains(string(message), `"line":"line `) {
			read.Add(1)
		}
	}
}
