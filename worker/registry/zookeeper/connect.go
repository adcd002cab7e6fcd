package zookeeper

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-zookeeper/zk"
)

// greetingTimeout bounds the wait for a server's first answer. The library would wait ten times as long as for any
// other answer, and try no other server meanwhile.
const greetingTimeout = 5 * time.Second

func connect(o Options, dial zk.Dialer, events zk.EventCallback) (*zk.Conn, error) {
	conn, _, err := zk.Connect(o.Servers, o.Timeout, zk.WithDialer(dial), zk.WithHostProvider(&servers{}),
		zk.WithEventCallback(events), zk.WithLogger(debugLog{o.Log}), zk.WithLogInfo(false))
	return conn, err
}

// contact is when a server last sent anything.
type contact struct{ nanos atomic.Int64 }

func newContact() *contact { return &contact{} }
func (c *contact) last() time.Time {
	if n := c.nanos.Load(); n > 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

// dialer connects and notes in c when the server speaks.
func dialer(c *contact) zk.Dialer {
	return func(network, address string, timeout time.Duration) (net.Conn, error) {
		conn, err := net.DialTimeout(network, address, timeout)
		if err != nil {
			return nil, err
		}
		return &countedConn{Conn: conn, contact: c}, nil
	}
}

type countedConn struct {
	net.Conn
	contact *contact
	greeted bool
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.contact.nanos.Store(time.Now().UnixNano())
	}
	return n, err
}

// SetReadDeadline is called with the zero time first when the server has greeted.
func (c *countedConn) SetReadDeadline(t time.Time) error {
	c.greeted = c.greeted || t.IsZero()
	if latest := time.Now().Add(greetingTimeout); !c.greeted && t.After(latest) {
		t = latest
	}
	return c.Conn.SetReadDeadline(t)
}

// servers hands out the servers in turn. Unlike the library's it asks for names' addresses when it connects, so that
// Berth starts without a name server and finds servers that have moved.
type servers struct {
	mu    sync.Mutex
	all   []string
	next  int
	tried int // since the last connection
}

func (s *servers) Init(all []string) error { s.all = all; return nil }
func (s *servers) Len() int                { return len(s.all) }

// Next implements zk.HostProvider; pause is true when all have been tried.
func (s *servers) Next() (server string, pause bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	server = s.all[s.next]
	s.next = (s.next + 1) % len(s.all)
	pause = s.tried > 0 && s.tried%len(s.all) == 0
	s.tried++
	return server, pause
}

func (s *servers) Connected() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried = 0
}

// debugLog takes the library's lines, one a second while no server answers.
type debugLog struct{ log *slog.Logger }

func (l debugLog) Printf(format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...), "part", "zookeeper")
}
