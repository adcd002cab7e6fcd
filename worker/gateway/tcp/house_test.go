package tcp

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
)

// house is a server, and instances that answer.
type house struct {
	*testing.T
	*Server
	stop func() // ends Run and waits for it
	apps map[string][]core.Address
}

// newHouse starts a server with a pool of ports that were free a moment ago.
func newHouse(t *testing.T, change func(*Options)) *house {
	t.Helper()
	from := freePorts(t, 4)
	o := Options{Pool: core.TCPPool{Host: "127.0.0.1", From: from, To: from + 3}}
	if change != nil {
		change(&o)
	}
	h := &house{T: t, Server: New(o), apps: map[string][]core.Address{}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Server.Run(ctx)
	}()
	h.stop = func() { cancel(); <-ended }
	t.Cleanup(h.stop)
	return h
}

// freePorts returns the first of so many ports beside each other that nobody listens on, outside those that the kernel
// gives away.
func freePorts(t *testing.T, n int) int {
	t.Helper()
search:
	for from := 21000 + time.Now().Nanosecond()%8000; from < 32000; from += n {
		for i := range n {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", from+i))
			if err != nil {
				continue search
			}
			l.Close()
		}
		return from
	}
	t.Fatal("no ports are free")
	return 0
}

// instance adds an instance of an app, which serves each connection by handle, and returns what stops it.
func (h *house) instance(app, version string, handle func(net.Conn)) (stop func()) {
	h.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	h.ok(err)
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	stop = func() {
		l.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, c := range open {
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}
	h.Cleanup(stop)
	h.apps[app] = append(h.apps[app], core.Address{AppID: app, Version: version, ContainerID: "c" + strconv.Itoa(len(h.apps[app])),
		Address: l.Addr().String()})
	h.Apply(core.RegistryChange{Apps: map[string][]core.Address{app: h.apps[app]}})
	return stop
}

func (h *house) route(r core.TCPRoute) core.TCPRoute {
	h.Helper()
	if r.Port == 0 {
		r.Port = h.Pool.From
	}
	h.Apply(core.RegistryChange{TCPRoutes: []core.TCPRoute{r}})
	return r
}

func (h *house) dial(port int) *net.TCPConn {
	h.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	h.ok(err)
	h.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c.(*net.TCPConn)
}

// counts returns the counts of a route once they are as wanted.
func (h *house) waitCounts(r core.TCPRoute, what string, right func(core.TCPCounts) bool) core.TCPCounts {
	h.Helper()
	var c core.TCPCounts
	h.wait(what, func() bool {
		c = h.countsOf(r)
		return right(c)
	})
	return c
}

// countsOf returns the counts of a route, none of one that is not there.
func (h *house) countsOf(r core.TCPRoute) core.TCPCounts {
	for _, p := range h.Ports() {
		if p.AppID == r.AppID && p.ID == r.ID() {
			return p.TCPCounts
		}
	}
	return core.TCPCounts{}
}

func (h *house) wait(what string, done func() bool) {
	h.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			h.Fatalf("still not: %s; %+v", what, h.Ports())
		}
	}
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// shout answers each line with its name and the line, and says bye at the end.
func shout(name string) func(net.Conn) {
	return func(c net.Conn) {
		lines := bufio.NewScanner(c)
		for lines.Scan() {
			fmt.Fprintf(c, "%s: %s\n", name, lines.Text())
		}
		fmt.Fprintf(c, "%s: bye\n", name)
	}
}

// ask sends a line and returns the answer.
func (h *house) ask(c net.Conn, line string) string {
	h.Helper()
	_, err := fmt.Fprintln(c, line)
	h.ok(err)
	answer, err := readLine(c)
	h.ok(err)
	return answer
}

// readLine takes nothing that stands behind the line.
func readLine(c io.Reader) (string, error) {
	var line strings.Builder
	for b := make([]byte, 1); ; {
		if _, err := c.Read(b); err != nil {
			return line.String(), err
		}
		if b[0] == '\n' {
			return line.String(), nil
		}
		line.Write(b)
	}
}

// isRefused checks that a connection is closed without a byte.
func (h *house) isRefused(c net.Conn) {
	h.Helper()
	b := make([]byte, 1)
	if n, err := c.Read(b); n > 0 || err == nil {
		h.Errorf("it was let in and answered %q", b[:n])
	} else if e, ok := err.(net.Error); ok && e.Timeout() {
		h.Error("it was neither served nor refused")
	}
}

// refuses checks that a port lets nobody in: a reset may come before the connection is noticed to be there.
func (h *house) refuses(port int) {
	h.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	h.isRefused(c)
}
