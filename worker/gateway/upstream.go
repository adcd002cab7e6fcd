package gateway

import (
	"crypto/tls"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// upstream is a connection to an instance. One exchange uses it at a time.
type upstream struct {
	instance *instance
	link     *link // nil where conn is none
	conn     net.Conn
	in       source
	out      sink
	socket   socket
	used     bool // it has carried an exchange
	since    time.Time
}

func newUpstream(i *instance, c net.Conn, limit time.Duration) *upstream {
	u := &upstream{instance: i, conn: c, in: source{conn: c}, out: sink{conn: c, limit: limit}}
	u.link, _ = c.(*link)
	u.socket.open(c)
	return u
}

func (u *upstream) close() {
	u.conn.Close()
	u.in.rest(true)
	u.out.rest()
}

// seemsFresh says the same without asking the system, as far as it is known: a loop is told, others go by time.
func (u *upstream) seemsFresh(rested time.Duration) bool {
	if u.link != nil {
		return !u.link.stirred()
	}
	return rested < staleAfter
}

// fresh reports whether nothing has come since the last exchange: neither the end of the connection nor a response
// that nobody asked for.
func (u *upstream) fresh() bool {
	return u.in.arm(time.Minute) == nil && u.socket.peek() == socketSilent
}

// socket looks at what a connection has received without taking it.
type socket struct {
	raw    syscall.RawConn
	look   func(fd uintptr) bool
	state  socketState
	secure bool // of TLS: before the end comes a record that says so
}

type socketState byte

const (
	socketUnknown socketState = iota
	socketSilent              // nothing has come
	socketReady               // bytes have come
	socketEnded               // the other side has closed or reset it
)

func (s *socket) open(c net.Conn) {
	_, s.secure = c.(*tls.Conn)
	if sc, ok := socketOf(c).(syscall.Conn); ok {
		s.raw, _ = sc.SyscallConn()
	}
	var space [1]byte
	s.look = func(fd uintptr) bool {
		n, _, err := syscall.Recvfrom(int(fd), space[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			s.state = socketSilent
		case err != nil || n == 0:
			s.state = socketEnded
		case s.secure && hasEnded(int(fd)):
			s.state = socketEnded
		default:
			s.state = socketReady
		}
		return true
	}
}

// hasEnded reports whether the other side has closed a connection on which bytes wait to be read.
func hasEnded(fd int) bool {
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	return err == nil && info.State != unix.BPF_TCP_ESTABLISHED
}

// peek never waits. The connection's deadline for reading must not have passed.
func (s *socket) peek() socketState {
	s.state = socketUnknown
	if s.raw == nil || s.raw.Read(s.look) != nil {
		return socketUnknown
	}
	return s.state
}
