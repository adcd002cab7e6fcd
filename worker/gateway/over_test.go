package gateway

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const streamed = "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n"

// A client that leaves while an instance works on its body, which came apart from the head, ends the work.
func TestClientThatLeavesAfterItsBody(t *testing.T) {
	s := startSecure(t, Options{Timeouts: Timeouts{Response: time.Hour}}, "app.test")
	var working atomic.Int32
	s.app(server(t, func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		working.Add(1)
		defer working.Add(-1)
		<-r.Context().Done()
	}))
	plain := func(c *client) (leave func()) {
		c.send(streamed)
		c.send("2\r\nab\r\n0\r\n\r\n")
		return func() { c.Close() }
	}
	for name, ask := range map[string]func() (leave func()){
		"HTTP/1.1":     func() func() { return plain(s.dial()) },
		"HTTP/1.1 TLS": func() func() { return plain(s.dialTLS("app.test")) },
		"HTTP/2": func() func() {
			ctx, leave := context.WithCancel(context.Background())
			r := newRequest(t, "POST", "https://app.test/", io.MultiReader(strings.NewReader("ab"))).WithContext(ctx)
			go func() {
				res, _ := s.http2Client().Do(r)
				closeBody(res)
			}()
			return leave
		},
	} {
		t.Run(name, func(t *testing.T) {
			leave := ask()
			eventually(t, "the instance has the body", func() bool { return working.Load() == 1 })
			leave()
			eventually(t, "the instance's request ends", func() bool { return working.Load() == 0 })
		})
	}
	if n := s.counts().Failed; n != 0 {
		t.Errorf("%d failures are counted", n)
	}
}

// An instance that takes bodies and never answers is left out, like one that does not answer what has none.
func TestInstanceThatSwallowsBodiesIsLeftOut(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Response: 200 * time.Millisecond}})
	f.app(tcpOrigin(t, func(_ net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) }).address(), saying(t, "well"))
	all := &f.gateway.table.app("app").instances.Load().all
	eventually(t, "it is left out", func() bool {
		c := f.dial()
		defer c.Close()
		c.send(streamed)
		c.send("2\r\nab\r\n0\r\n\r\n")
		c.response("POST")
		return all.ejected(time.Now().UnixNano()) == 1
	})
}

// An instance is to blame for an answer that is late only if it had the time for it.
func TestLateBodiesAreNotTheInstances(t *testing.T) {
	const limit = time.Hour
	gone := error(errGone)
	now := time.Now()
	for name, c := range map[string]struct {
		upload *upload
		want   bool
	}{
		"without a body":           {&upload{complete: true}, true},
		"all came early":           {&upload{complete: true, ended: now.Add(-limit)}, true},
		"the end came late":        {&upload{complete: true, ended: now.Add(-limit / 4)}, false},
		"the end is yet to come":   {&upload{running: true}, false},
		"it was not taken":         {&upload{}, true},
		"the client has broken it": {faulty(&upload{}, &gone), false},
	} {
		if got := c.upload.overdue(limit); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func faulty(u *upload, err *error) *upload {
	u.fault.Store(err)
	return u
}

// slowToArm is a client's silent connection on which the deadline of a wait comes into force just after that which is
// to end the wait.
type slowToArm struct {
	net.Conn
	told chan struct{}
	once sync.Once
}

func (c *slowToArm) SetReadDeadline(t time.Time) error {
	if t == longAgo {
		defer c.once.Do(func() { close(c.told) })
	} else {
		<-c.told
	}
	return c.Conn.SetReadDeadline(t)
}

// Whoever passes a body on stops soon, even when he is told at the worst moment.
func TestUploadEndsSoon(t *testing.T) {
	near, client := net.Pipe()
	defer client.Close()
	to, instance := net.Pipe()
	defer instance.Close()
	silent := &slowToArm{Conn: near, told: make(chan struct{})}
	c := &conn{Gateway: New(Options{Timeouts: Timeouts{Body: time.Hour}}), net: silent, in: source{conn: silent}}
	c.req.framing = byChunks
	c.beginUpload()
	up := newUpstream(nil, to, time.Hour)
	c.startUpload(up)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if c.endUpload(up) {
			t.Error("a body that never came is whole")
		}
	}()
	if !within(ended, time.Minute) {
		t.Fatal("it waits for the client")
	}
}
