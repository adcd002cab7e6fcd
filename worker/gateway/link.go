package gateway

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// link is a socket of a loop. It is a net.Conn: one may read while another writes, and anybody may set deadlines or
// close it.
type link struct {
	loop    *loop
	fd      int
	place   int32
	stamp   int32 // tells it from others that had its place before
	in, out side
	closed  atomic.Bool
	users   atomic.Int32 // calls under way, and one for being open
	local   net.Addr     // nil where nobody asks
	remote  net.Addr
}

var stamps atomic.Int32

// newLink takes a connection over from package net. When it fails, c is as it was.
func newLink(l *loop, c *net.TCPConn) (*link, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	own := -1
	if e := raw.Control(func(fd uintptr) { own, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); e != nil {
		err = e
	}
	if err != nil {
		return nil, err
	}
	c.Close()
	k := linkOf(l, own)
	k.local, k.remote = c.LocalAddr(), c.RemoteAddr()
	return k, nil
}

// linkOf returns a link of a socket that does not block. It closes it.
func linkOf(l *loop, fd int) *link {
	k := &link{loop: l, fd: fd, place: -1, stamp: stamps.Add(1)}
	k.in.link, k.out.link = k, k
	k.users.Store(1)
	l.held.Add(1)
	return k
}

// give makes t the one that waits for both directions, nil a goroutine. Only t's loop may call it, and t.
func (k *link) give(t *task) {
	k.in.give(t)
	k.out.give(t)
}

// Read implements net.Conn.
func (k *link) Read(p []byte) (int, error) {
	k.in.task.turn()
	for len(p) > 0 {
		if err := k.in.await(); err != nil {
			return 0, err
		}
		k.in.ready.Store(false) // before the call: what comes after it makes it ready again
		n, err := k.call(unix.SYS_RECVFROM, unsafe.Pointer(&p[0]), len(p), 0)
		switch {
		case err == syscall.EAGAIN:
			k.in.ended.Store(false)
			continue
		case err != 0:
			return 0, k.failed("read", err)
		case n == 0:
			k.in.ready.Store(true)
			return 0, io.EOF
		case n == len(p):
			k.in.ready.Store(true) // there may be more; after less than what there was room for, there is not
		}
		return n, nil
	}
	return 0, nil
}

// Write implements net.Conn.
func (k *link) Write(p []byte) (int, error) {
	k.out.task.turn()
	done := 0
	for done < len(p) {
		n, err := k.try(unix.SYS_SENDTO, unsafe.Pointer(&p[done]), len(p)-done)
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// maxPieces is how many pieces writev takes.
const maxPieces = 3

// writev writes pieces one after the other, with as few calls as it can.
func (k *link) writev(pieces ...[]byte) error {
	k.out.task.turn()
	var vector [maxPieces]unix.Iovec
	for {
		used := 0
		for _, p := range pieces {
			if len(p) > 0 {
				vector[used] = unix.Iovec{Base: &p[0], Len: uint64(len(p))}
				used++
			}
		}
		if used == 0 {
			return nil
		}
		n, err := k.try(unix.SYS_WRITEV, unsafe.Pointer(&vector[0]), used)
		if err != nil {
			return err
		}
		for i, p := range pieces {
			taken := min(n, len(p))
			pieces[i], n = p[taken:], n-taken
		}
	}
}

// try writes, and waits when nothing can be written. It returns how many bytes were, which may be none.
func (k *link) try(number uintptr, p unsafe.Pointer, size int) (int, error) {
	if k.out.late() {
		return 0, os.ErrDeadlineExceeded
	}
	k.out.ready.Store(false)
	n, err := k.call(number, p, size, unix.MSG_NOSIGNAL)
	switch err {
	case 0:
		return n, nil
	case syscall.EAGAIN:
		return 0, k.out.await()
	}
	return 0, k.failed("write", err)
}

// call does not tell the scheduler: nothing here blocks, and a call that takes more than 20 us would make it hand the
// processor over, which costs more than the call.
func (k *link) call(number uintptr, p unsafe.Pointer, size, flags int) (int, syscall.Errno) {
	if !k.acquire() {
		return 0, syscall.EBADF
	}
	defer k.release()
	for {
		n, _, err := syscall.RawSyscall6(number, uintptr(k.fd), uintptr(p), uintptr(size), uintptr(flags), 0, 0)
		if err != syscall.EINTR {
			return int(n), err
		}
	}
}

func (k *link) failed(call string, err syscall.Errno) error {
	if k.closed.Load() {
		return net.ErrClosed
	}
	return os.NewSyscallError(call, err)
}

// stirred reports whether something has come since the last read, as far as the loop knows.
func (k *link) stirred() bool { return k.in.ready.Load() || k.in.ended.Load() }

// acquire keeps the socket from being closed until release.
func (k *link) acquire() bool {
	for {
		n := k.users.Load()
		if n == 0 || k.closed.Load() {
			return false
		}
		if k.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (k *link) release() {
	if k.users.Add(-1) == 0 {
		unix.Close(k.fd)
		if k.loop.held.Add(-1) == 0 {
			k.loop.post(func() {}) // it may be waiting for that to end
		}
	}
}

// Close implements net.Conn.
func (k *link) Close() error {
	if k.closed.Swap(true) {
		return net.ErrClosed
	}
	k.loop.post(k.bury)
	return nil
}

func (k *link) bury() {
	k.loop.remove(k)
	k.loop.agenda.remove(&k.in)
	k.loop.agenda.remove(&k.out)
	k.in.wake()
	k.out.wake()
	k.release()
}

// CloseWrite ends the direction to the other side.
func (k *link) CloseWrite() error {
	if !k.acquire() {
		return net.ErrClosed
	}
	defer k.release()
	return unix.Shutdown(k.fd, unix.SHUT_WR)
}

// SetLinger is that of net.TCPConn.
func (k *link) SetLinger(seconds int) error {
	if !k.acquire() {
		return net.ErrClosed
	}
	defer k.release()
	return unix.SetsockoptLinger(k.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: int32(seconds)})
}

// LocalAddr implements net.Conn.
func (k *link) LocalAddr() net.Addr { return k.local }

// RemoteAddr implements net.Conn.
func (k *link) RemoteAddr() net.Addr { return k.remote }

// SetDeadline implements net.Conn.
func (k *link) SetDeadline(t time.Time) error {
	return errors.Join(k.in.deadline(t), k.out.deadline(t))
}

// SetReadDeadline implements net.Conn.
func (k *link) SetReadDeadline(t time.Time) error { return k.in.deadline(t) }

// SetWriteDeadline implements net.Conn.
func (k *link) SetWriteDeadline(t time.Time) error { return k.out.deadline(t) }

// SyscallConn implements syscall.Conn.
func (k *link) SyscallConn() (syscall.RawConn, error) { return rawLink{k}, nil }

// rawLink implements syscall.RawConn.
type rawLink struct{ *link }

// Control implements syscall.RawConn.
func (r rawLink) Control(f func(fd uintptr)) error {
	if !r.acquire() {
		return net.ErrClosed
	}
	defer r.release()
	f(uintptr(r.fd))
	return nil
}

// Read implements syscall.RawConn.
func (r rawLink) Read(f func(fd uintptr) bool) error { return r.until(&r.in, f) }

// Write implements syscall.RawConn.
func (r rawLink) Write(f func(fd uintptr) bool) error { return r.until(&r.out, f) }

func (r rawLink) until(s *side, f func(fd uintptr) bool) error {
	for {
		if s.late() {
			return os.ErrDeadlineExceeded
		}
		before, done := s.ready.Swap(false), false
		if err := r.Control(func(fd uintptr) { done = f(fd) }); err != nil {
			return err
		}
		if done {
			if before {
				s.ready.Store(true) // f may have left something
			}
			return nil
		}
		if err := s.await(); err != nil {
			return err
		}
	}
}
