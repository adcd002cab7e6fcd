package web

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

const logsPath = "/api/v1/apps/shop/logs"

// dial opens a log socket; header alternates names and values.
func (p *portal) dial(path string, header ...string) (*websocket.Conn, int) {
	p.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	conn, res, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.url, "http")+path, h)
	if res == nil {
		p.t.Fatal(err)
	}
	if conn != nil {
		p.t.Cleanup(func() { conn.Close() })
	}
	return conn, res.StatusCode
}

// closedWith reads until the socket is closed and returns the code.
func closedWith(t *testing.T, conn *websocket.Conn) int {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			if e, ok := errors.AsType[*websocket.CloseError](err); ok {
				return e.Code
			}
			t.Fatal("closed without a code:", err)
		}
	}
}

func TestLogLinesArrive(t *testing.T) {
	fake := newFake()
	p := newPortal(t, fake, nil)
	conn, _ := p.dial(logsPath, "Authorization", "Bearer good")
	want := core.LogLine{Time: time.Now().UTC(), Instance: "i1", Version: "1.0", Stream: "stdout",
		Line: "<script>\x1b[31mred", Cursor: "c1"}
	fake.lines <- want
	var got core.LogLine
	if err := conn.ReadJSON(&got); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	close(fake.lines)
	if code := closedWith(t, conn); code != websocket.CloseNormalClosure {
		t.Errorf("the end of a log closes with %d", code)
	}
}

func TestASocketMayEndBehindThePast(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	conn, _ := p.dial(logsPath+"?follow=false", "Authorization", "Bearer good")
	if code := closedWith(t, conn); code != websocket.CloseNormalClosure {
		t.Errorf("closed with %d", code)
	}
	if _, status := p.dial(logsPath+"?follow=maybe", "Authorization", "Bearer good"); status != http.StatusUnprocessableEntity {
		t.Errorf("follow=maybe: %d", status)
	}
}

// Bad input 35: origins, tokens in addresses.
func TestSocketsKnowTheirOrigin(t *testing.T) {
	p, client := newPortal(t, newFake(), nil), browser(t)
	cookie := "berth=" + p.signIn(client, "ada").Value
	for _, c := range []struct {
		name   string
		path   string
		header []string
		status int
	}{
		{"own page", logsPath, []string{"Cookie", cookie, "Origin", p.url}, 101},
		{"own page, browser path", "/apps/shop/logs/socket", []string{"Cookie", cookie, "Origin", p.url}, 101},
		{"foreign page", logsPath, []string{"Cookie", cookie, "Origin", "https://evil.example"}, 403},
		{"an app's page", "/apps/shop/logs/socket", []string{"Cookie", cookie, "Origin", "http://shop.localhost:8000"}, 403},
		{"null", logsPath, []string{"Cookie", cookie, "Origin", "null"}, 403},
		{"no origin", logsPath, []string{"Cookie", cookie}, 403},
		{"token", logsPath, []string{"Authorization", "Bearer good"}, 101},
		{"token in the address", logsPath + "?token=good", nil, 401},
		{"access_token in the address", logsPath + "?access_token=good", []string{"Authorization", "Bearer good"}, 422},
		{"wrong token", logsPath, []string{"Authorization", "Bearer bad"}, 401},
		{"nobody", logsPath, nil, 401},
		{"another's app", "/api/v1/apps/other/logs", []string{"Authorization", "Bearer good"}, 404},
		{"huge tail", logsPath + "?tail=1e9", []string{"Authorization", "Bearer good"}, 422},
	} {
		if _, status := p.dial(c.path, c.header...); status != c.status {
			t.Errorf("%s: %d, want %d", c.name, status, c.status)
		}
	}
	p.api("good", http.MethodGet, "/apps/shop/logs?level=loud", "").problem(t, http.StatusUnprocessableEntity)
}

// Bad input 35: what a viewer says.
func TestSocketsRefuseFloods(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	large, _ := p.dial(logsPath, "Authorization", "Bearer good")
	go large.WriteMessage(websocket.TextMessage, make([]byte, 1<<20))
	if code := closedWith(t, large); code != websocket.CloseMessageTooBig {
		t.Errorf("a frame of 1 MiB closes with %d", code)
	}
	for name, kind := range map[string]int{"messages": websocket.TextMessage, "pings": websocket.PingMessage} {
		conn, _ := p.dial(logsPath, "Authorization", "Bearer good")
		go func() {
			for range 1000 {
				if conn.WriteMessage(kind, []byte("x")) != nil {
					return
				}
			}
		}()
		if code := closedWith(t, conn); code != websocket.ClosePolicyViolation {
			t.Errorf("1,000 %s close with %d", name, code)
		}
	}
	bad, _ := p.dial(logsPath+"?since=rubbish", "Authorization", "Bearer good")
	if code := closedWith(t, bad); code != websocket.ClosePolicyViolation {
		t.Errorf("a wrong cursor closes with %d", code)
	}
}

// Bad input 35: the 51st socket.
func TestSocketsAreCounted(t *testing.T) {
	fake := newFake()
	fake.tokens["other"] = core.Actor{Kind: core.ActorToken, ID: "token-2", Roles: fake.tokens["good"].Roles}
	p := newPortal(t, fake, nil)
	var last *websocket.Conn
	for i := range 50 {
		conn, status := p.dial(logsPath, "Authorization", "Bearer good")
		if status != http.StatusSwitchingProtocols {
			t.Fatalf("socket %d: %d", i+1, status)
		}
		last = conn
	}
	if _, status := p.dial(logsPath, "Authorization", "Bearer good"); status != http.StatusTooManyRequests {
		t.Errorf("the 51st: %d", status)
	}
	if _, status := p.dial(logsPath, "Authorization", "Bearer other"); status != http.StatusSwitchingProtocols {
		t.Errorf("somebody else's first: %d", status)
	}
	last.Close()
	eventually(t, "a place is free again", func() bool {
		_, status := p.dial(logsPath, "Authorization", "Bearer good")
		return status == http.StatusSwitchingProtocols
	})
}

func TestStopClosesSockets(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	var conns []*websocket.Conn
	for range 5 {
		conn, _ := p.dial(logsPath, "Authorization", "Bearer good")
		conns = append(conns, conn)
	}
	begin := time.Now()
	p.stop()
	for _, conn := range conns {
		if code := closedWith(t, conn); code != websocket.CloseGoingAway {
			t.Errorf("closed with %d", code)
		}
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestStopLetsRequestsFinish(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	p := newPortal(t, newFake(), func(o *Options) {
		o.Registry = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			close(begun)
			<-finish
			fmt.Fprint(w, "pushed")
		})
	})
	got := make(chan answer, 1)
	go func() { got <- p.ask(nil, http.MethodPut, "/v2/shop/manifests/1", "x") }()
	<-begun
	p.stop()
	eventually(t, "it takes no more", func() bool {
		_, err := (&http.Client{Timeout: time.Second}).Get(p.url + "/healthz")
		return err != nil
	})
	close(finish)
	if a := <-got; a.body != "pushed" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// A socket outlives the moment that a request's leftovers have to arrive.
func TestASocketThatIsSilentStays(t *testing.T) {
	fake := newFake()
	p := newPortal(t, fake, nil)
	ended := make(chan error)
	for range 20 {
		conn, _ := p.dial(logsPath, "Authorization", "Bearer good")
		conn.SetReadDeadline(time.Now().Add(leftoverTimeout + time.Second))
		go func() {
			_, _, err := conn.ReadMessage()
			ended <- err
		}()
	}
	for range 20 {
		if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	}
}
