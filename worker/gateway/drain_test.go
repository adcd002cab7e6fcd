package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

// F10: a hundred WebSockets, quiet and busy ones, hear 1001 between two messages when the gateway stops, and end in
// order on both sides.
func TestWebSocketsHearOfTheEnd(t *testing.T) {
	f := start(t, Options{})
	var farewells atomic.Int64
	message := repeat("x", 5000)
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		if r.URL.Query().Has("busy") {
			go func() {
				for c.WriteMessage(websocket.TextMessage, []byte(message)) == nil {
					time.Sleep(time.Millisecond)
				}
			}()
		}
		for {
			if _, _, err := c.ReadMessage(); err != nil {
				if websocket.IsCloseError(err, websocket.CloseGoingAway) {
					farewells.Add(1)
				}
				return
			}
		}
	}))
	var sockets sync.WaitGroup
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return net.Dial("tcp", f.address) }}
	for n := range 100 {
		query := ""
		if n%10 == 0 {
			query = "?busy"
		}
		c, _, err := d.Dial("ws://app.test/"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		sockets.Go(func() {
			defer c.Close()
			c.SetReadDeadline(time.Now().Add(time.Minute))
			for {
				_, content, err := c.ReadMessage()
				if err == nil && string(content) == message {
					continue
				}
				if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
					t.Errorf("a socket ended with %v", err)
				}
				return
			}
		})
	}
	began := time.Now()
	f.stop()
	sockets.Wait()
	<-f.stopped
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if n := farewells.Load(); n != 100 {
		t.Errorf("%d instances heard of it, want 100", n)
	}
}

// What is under way when the gateway stops ends in order; a connection that rests may bring one last request.
func TestRequestsUnderWayEnd(t *testing.T) {
	f := start(t, Options{})
	proceed := make(chan struct{})
	var running atomic.Int64
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		running.Add(1)
		<-proceed
		fmt.Fprintf(w, "done%s", content)
	}))
	var waiting []*client
	for range 10 {
		c := f.dial()
		c.send(get)
		waiting = append(waiting, c)
		c = f.dial()
		c.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100000\r\n\r\n" + repeat("x", 50000))
		waiting = append(waiting, c)
	}
	eventually(t, "requests are under way", func() bool { return running.Load() == 10 })
	resting := f.dial()
	resting.send("GET / HTTP/1.1\r\nHost: unknown.test\r\n\r\n")
	resting.response("GET")
	fresh := f.dial()
	f.stop()
	eventually(t, "the gateway is stopping", f.gateway.draining.Load)
	eventually(t, "nobody is accepted", func() bool {
		c, err := net.Dial("tcp", f.address)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	for _, c := range []*client{resting, fresh} {
		c.send("GET / HTTP/1.1\r\nHost: unknown.test\r\n\r\n")
		if res, _ := c.response("GET"); !res.Close {
			t.Error("the connection is not said to be closed")
		}
		c.closed()
	}
	close(proceed)
	for n, c := range waiting {
		want := "done"
		if n%2 == 1 {
			c.send(repeat("x", 50000))
			want += repeat("x", 100000)
		}
		if res, content := c.response("GET"); content != want || !res.Close {
			t.Errorf("got %d bytes, close %v", len(content), res.Close)
		}
		c.closed()
	}
	<-f.stopped
}

// Streams of events end when the gateway stops, as if the instance had ended them: the browser connects again.
func TestEventsEnd(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	c := f.dial()
	c.send(get)
	res, err := http.ReadResponse(c.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 9)
	if _, err := io.ReadFull(res.Body, first); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the gateway knows the stream", func() (is bool) {
		f.gateway.eachConn(func(c *conn) { is = c.state.Load() == connStream })
		return is
	})
	f.stop()
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
	<-f.stopped
}

// What does not end by itself is cut.
func TestDrainEnds(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Drain: 100 * time.Millisecond}})
	forever := make(chan struct{})
	defer close(forever)
	f.app(server(t, func(http.ResponseWriter, *http.Request) { <-forever }))
	c := f.dial()
	c.send(get)
	eventually(t, "the request is under way", func() bool {
		return f.counts().Instances[f.gateway.table.app("app").instances.Load().all.list[0].Address.Address].Requests == 1
	})
	began := time.Now()
	f.stop()
	<-f.stopped
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if _, err := c.ReadByte(); err == nil {
		t.Error("an answer came")
	}
}

// F10: a thousand routes are added, changed and removed under load, and no request fails.
func TestRoutesChangeUnderLoad(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	f.publish("app", "2", server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") }))
	stop := make(chan struct{})
	var load sync.WaitGroup
	var asked, failed atomic.Int64
	client := f.httpClient()
	for range 8 {
		load.Go(func() { askUntil(stop, client, &asked, &failed) })
	}
	ctx := context.Background()
	for n := range 1000 {
		domain := fmt.Sprintf("r%d.test", n)
		err := errors.Join(
			f.registry.PutRoute(ctx, core.Route{Domain: domain, AppID: fmt.Sprintf("r%d", n), State: core.RouteOnline}),
			f.registry.PutRoute(ctx, core.Route{Domain: "app.test", AppID: "app", State: core.RouteOnline, Weights: map[string]int{"1": n%100 + 1, "2": 50}}),
			f.registry.Register(ctx, core.Address{AppID: fmt.Sprintf("r%d", n), Version: "1", ContainerID: "c", Address: "127.0.0.1:1"}))
		if n%2 == 0 {
			err = errors.Join(err, f.registry.DeleteRoute(ctx, domain))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all routes are known", func() bool { return f.gateway.Totals().Routes == 501 && f.gateway.Totals().Apps == 1001 })
	eventually(t, "there was load", func() bool { return asked.Load() > 1000 })
	close(stop)
	load.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed", n, asked.Load())
	}
}

// A gateway that takes over a listener while another drains misses nobody: no request of a keep-alive client that
// honours "Connection: close" fails.
func TestRestartUnderLoad(t *testing.T) {
	l := listen(t).(*net.TCPListener)
	same := func() net.Listener {
		file, err := l.File()
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		copy, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		return copy
	}
	defer l.Close()
	address := server(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "ok") })
	f := start(t, Options{Listener: same()})
	f.app(address)
	stop := make(chan struct{})
	var load sync.WaitGroup
	var asked, failed atomic.Int64
	client := f.httpClient()
	for range 8 {
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := client.Post("http://app.test/", "text/plain", http.NoBody)
				asked.Add(1)
				if err != nil || res.StatusCode != 200 {
					failed.Add(1)
					t.Log(err)
				}
				closeBody(res)
			}
		})
	}
	for range 5 {
		before := asked.Load()
		eventually(t, "there is load", func() bool { return asked.Load() > before+300 })
		next := start(t, Options{Listener: same()})
		next.app(address)
		f.stop()
		<-f.stopped
		f = next
	}
	close(stop)
	load.Wait()
	if n := failed.Load(); n > 0 {
		t.Errorf("%d of %d requests failed", n, asked.Load())
	}
}
