package gateway

import (
	"syscall"
	"time"
)

// restAfter is how long a connection waits for its next request with its buffers at hand. One that is silent for longer
// gives them back: most of those that are open at any time are.
const restAfter = time.Second

// awaitRequest waits for the first byte of a request.
func (c *conn) awaitRequest() error {
	if len(c.in.buf) == largeBuffer {
		c.in.rest(true)
	}
	c.out.rest()
	if cap(c.forward) > smallBuffer {
		c.forward = nil
	}
	c.state.Store(connIdle)
	defer c.state.Store(connBusy)
	began := c.task.clock()
	err := c.awaitByte(min(restAfter, c.Timeouts.Idle), c.in.fill)
	if !isTimeout(err) || c.Timeouts.Idle <= restAfter || c.draining.Load() && c.task.clock().Sub(began) >= c.grace() {
		return err
	}
	c.in.rest(true)
	c.forward, c.text, c.req.fields, c.res.fields = nil, nil, nil, nil
	c.resting.Add(1)
	defer c.resting.Add(-1)
	return c.awaitByte(c.Timeouts.Idle-restAfter, c.in.ready)
}

// awaitByte waits for so long, or less when the gateway stops. Drain looks at the state after it has set the flag, so
// one of the two shortens the deadline.
func (c *conn) awaitByte(limit time.Duration, wait func(limit time.Duration) error) error {
	if err := c.in.arm(limit); err != nil {
		return err
	}
	if c.draining.Load() {
		c.in.by = time.Time{}
		limit = c.grace()
	}
	return wait(limit)
}

// ready waits until there is something to read, without a buffer to read it into, and reads it. It is for who has just
// waited with fill: what TLS holds back is taken then.
func (s *source) ready(limit time.Duration) error {
	s.rest(false)
	if err := s.arm(limit); err != nil {
		return err
	}
	if socket, ok := socketOf(s.conn).(syscall.Conn); ok && s.buf == nil {
		raw, err := socket.SyscallConn()
		if err == nil {
			err = raw.Read(hasBytes)
		}
		if err != nil {
			s.by = time.Time{} // it may have come early, by someone else's hand
			return err
		}
	}
	return s.fill(limit)
}

// hasBytes reports whether a socket has something to read, or its end.
func hasBytes(fd uintptr) bool {
	var space [1]byte
	_, _, err := syscall.Recvfrom(int(fd), space[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err != syscall.EAGAIN && err != syscall.EINTR
}
