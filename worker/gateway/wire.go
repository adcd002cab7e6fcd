package gateway

import (
	"errors"
	"io"
	"net"
	"syscall"
	"unsafe"
)

// wire reads and writes a socket with fewer steps than package net takes:
//
//   - The scheduler is not told of the system calls. They never block, since the sockets of package net do not; but one
//     that takes longer than 20 us makes the scheduler hand the processor over, which costs more than the call.
//   - What is asked is written right before the wait for its answer. Package net tries to read before it waits, since
//     something may have come meanwhile. Before a request nothing can have, so that try would always fail.
//     RawConn.Read forgets that the connection was ready before it calls its function, so whatever comes after a write
//     in there wakes it; the end of a connection that comes in that very moment is noticed by the next wait.
//
// One goroutine reads at a time, and one writes.
type wire struct {
	raw     syscall.RawConn
	reader  func(fd uintptr) bool
	writer  func(fd uintptr) bool
	asked   []byte // to be written before the next read waits
	asker   *conn  // hears that it was; nil for nobody
	in, out transfer
}

// transfer is a call that is under way.
type transfer struct {
	p   []byte
	n   int
	err error
}

// errUnsent means that nothing could be written of what was asked.
var errUnsent = errors.New("nothing of the request was taken")

// newWire returns nil for what is no TCP connection.
func newWire(c net.Conn) *wire {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return nil
	}
	w := &wire{raw: raw}
	w.reader, w.writer = w.tryRead, w.tryWrite
	return w
}

// read is that of io.Reader. When the deadline has passed already, what is asked is still to be written.
func (w *wire) read(p []byte) (int, error) {
	w.in = transfer{p: p}
	err := w.raw.Read(w.reader)
	if err == nil {
		err = w.in.err
	}
	w.in.p = nil
	return w.in.n, err
}

func (w *wire) tryRead(fd uintptr) bool {
	if w.asked != nil {
		n, err := w.write(w.asked)
		asker := w.asker
		w.asked, w.asker = nil, nil
		if err != nil && n == 0 {
			w.in.err = errUnsent
			return true
		}
		if asker != nil {
			asker.sent()
		}
		return false // after half of it, an answer may come all the same
	}
	n, err := call(syscall.SYS_READ, fd, w.in.p)
	switch {
	case err == syscall.EAGAIN:
		return false
	case err != 0:
		w.in.err = err
	case n == 0:
		w.in.err = io.EOF
	}
	w.in.n = n
	return true
}

// write is that of io.Writer.
func (w *wire) write(p []byte) (int, error) {
	w.out = transfer{p: p}
	err := w.raw.Write(w.writer)
	if err == nil {
		err = w.out.err
	}
	w.out.p = nil
	return w.out.n, err
}

func (w *wire) tryWrite(fd uintptr) bool {
	t := &w.out
	for t.n < len(t.p) {
		n, err := call(syscall.SYS_WRITE, fd, t.p[t.n:])
		if err == syscall.EAGAIN {
			return false
		}
		if err != 0 {
			t.err = err
			return true
		}
		t.n += n
	}
	return true
}

// call reads or writes p, which is not empty.
func call(number, fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, _, err := syscall.RawSyscall(number, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		switch err {
		case 0:
			return int(n), 0
		case syscall.EINTR:
		default:
			return 0, err
		}
	}
}
