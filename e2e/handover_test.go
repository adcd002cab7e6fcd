package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"berth/e2e/testenv"
)

// TestARestartHandsOver is fault F10: under load and with a hundred WebSockets a newer process takes over from the one
// that runs, once by being started beside it and once by a signal. No request fails, sockets hear 1001, the older
// process ends, and what was recorded goes on being worked on.
func TestARestartHandsOver(t *testing.T) {
	t.Parallel()
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"replicas": 2})
	gets, posts := b.load(app, "GET", "/"), b.load(app, "POST", "/echo")
	for name, begin := range map[string]func() (newer func()){
		"started beside it": func() func() { return b.Start },
		"by a signal":       b.hangUp,
	} {
		goneAway := b.sockets(app, 100)
		older := b.cmd.Process
		finish := begin()
		finish()
		b.eventually(stopTime, func() error { // what it wrote to is the newer one's as well, so its output goes on
			if older.Signal(syscall.Signal(0)) == nil {
				return fmt.Errorf("%s: the older process goes on", name)
			}
			return nil
		})
		if n := goneAway(); n != 100 {
			t.Errorf("%s: %d of 100 sockets heard 1001", name, n)
		}
		b.eventually(time.Minute, func() error { return b.ready(app, 2) })
	}
	b.upload(app, "2.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "2.0"})
	b.answers(app, "version 2.0")
	gets.none(t)
	posts.none(t)
	t.Logf("%d requests", gets.requests.Load()+posts.requests.Load())
	if _, err := os.Stat(filepath.Join(b.Data, "gateway.sock")); err != nil {
		t.Error(err)
	}
}

// hangUp has the program start a newer one of itself, and follows that from then on.
func (b *Berth) hangUp() (newer func()) {
	b.signal(syscall.SIGHUP)
	return func() {
		b.t.Helper()
		pid := 0
		b.eventually(time.Minute, func() (err error) {
			pid, err = strconv.Atoi(b.output.find(`a newer process begins".* pid=(\d+)`))
			return err
		})
		b.follow(pid)
	}
}

// follow makes a process that this one has not started the one under test.
func (b *Berth) follow(pid int) {
	p, err := os.FindProcess(pid)
	if err != nil {
		b.t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		for p.Signal(syscall.Signal(0)) == nil {
			time.Sleep(20 * time.Millisecond)
		}
	}()
	b.mu.Lock()
	defer b.mu.Unlock()
	cmd := *b.cmd
	cmd.Process = p
	b.cmd, b.exited = &cmd, exited
}

// sockets opens WebSockets through the gateway that echo now and then. The function waits for their end and returns
// how many heard that the gateway goes away.
func (b *Berth) sockets(app string, n int) func() int64 {
	b.t.Helper()
	var heard atomic.Int64
	var all sync.WaitGroup
	url := "ws" + strings.TrimPrefix(b.Gateway, "http") + "/ws"
	for range n {
		c, _, err := websocket.DefaultDialer.Dial(url, map[string][]string{"Host": {app + "." + b.Domain}})
		if err != nil {
			b.t.Fatal(err)
		}
		all.Go(func() {
			defer c.Close()
			err := chat(c)
			if websocket.IsCloseError(err, websocket.CloseGoingAway) {
				heard.Add(1)
			} else {
				b.t.Logf("a socket ended with %v", err)
			}
		})
	}
	return func() int64 { all.Wait(); return heard.Load() }
}

// chat sends a message ten times a second and checks that it comes back, until the socket ends.
func chat(c *websocket.Conn) error {
	for n := 0; ; n++ {
		message := fmt.Sprint("message ", n)
		c.SetWriteDeadline(time.Now().Add(time.Minute))
		c.SetReadDeadline(time.Now().Add(time.Minute))
		sent := c.WriteMessage(websocket.TextMessage, []byte(message))
		_, back, err := c.ReadMessage()
		if err != nil {
			return err
		}
		if sent != nil || string(back) != message {
			return errors.Join(sent, fmt.Errorf("%q came back", back))
		}
		time.Sleep(100 * time.Millisecond)
	}
}
