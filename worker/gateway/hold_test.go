package gateway

import (
	"io"
	"net/http"
	"testing"
	"time"

	"berth/core"
)

// asleep is an app whose requests wait for an instance.
func asleep(t *testing.T, hold time.Duration) *fixture {
	f := start(t, Options{Timeouts: Timeouts{Hold: hold}})
	f.route(core.Route{Domain: "app.test", AppID: "app", Weights: map[string]int{"1.0": 100}, Wakes: true})
	return f
}

func (f *fixture) held() int64 { return f.counts().Total.Active }

// The first request waits, with its body, until an instance is there, and is counted meanwhile: that is what wakes it.
func TestTheFirstRequestWaits(t *testing.T) {
	f := asleep(t, time.Minute)
	body := make(chan string, 1)
	address := server(t, func(w http.ResponseWriter, r *http.Request) {
		all, _ := io.ReadAll(r.Body)
		body <- string(all)
	})
	client := f.dial()
	client.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\n")
	eventually(t, "the request waits", func() bool { return f.held() == 1 })
	f.publish("app", "1.0", address)
	client.send("hello")
	res, _ := client.response("POST")
	wantStatus(t, res, 200)
	if got := <-body; got != "hello" {
		t.Errorf("the instance got %q", got)
	}
	if c := f.counts(); c.Failed != 0 || c.Total.Requests != 1 {
		t.Errorf("%+v", c.Total)
	}
}

// It waits no longer than it may, and then the page says that the app is being started.
func TestWaitingEnds(t *testing.T) {
	f := asleep(t, 50*time.Millisecond)
	res, _ := f.ask("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n")
	wantStatus(t, res, pageStatus[PageStarting])
}

// Only so many wait; whoever comes then hears at once that it is being started, and a client that leaves makes room.
func TestOnlySomeWait(t *testing.T) {
	f := asleep(t, time.Minute)
	clients := make([]*client, maxHeld)
	for i := range clients {
		clients[i] = f.dial()
		clients[i].send("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n")
	}
	eventually(t, "all wait", func() bool { return f.held() == maxHeld })
	res, _ := f.ask("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n")
	wantStatus(t, res, pageStatus[PageStarting])
	clients[0].Close()
	eventually(t, "one has left", func() bool { return f.held() == maxHeld-1 })
	late := f.dial()
	late.send("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n")
	eventually(t, "another waits in its place", func() bool { return f.held() == maxHeld })
	f.publish("app", "1.0", server(t, func(http.ResponseWriter, *http.Request) {}))
	for _, c := range append(clients[1:], late) {
		res, _ := c.response("GET")
		wantStatus(t, res, 200)
	}
}
