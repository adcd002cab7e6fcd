package tcp

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	bufferSize = 16 << 10
	bulkAfter  = 4       // full buffers in a row, after which the kernel moves the bytes by itself
	bulkSize   = 1 << 20 // that it moves before they are counted
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// side is one end of a connection.
type side interface {
	// reader returns what reads from it. Its function waits for bytes and hands them to use, with the buffer that is
	// taken for them alone; the end of the stream is io.EOF.
	reader() func(use func([]byte) error) (int, error)
	Write(b []byte) (int, error)
	CloseWrite() error
	socket() *net.TCPConn // when bytes pass as they are, else nil
}

// pump moves bytes from one side to the other until that ends, and passes the end on. When something breaks, both
// sides are cut.
func (c *conn) pump(to, from side, count *atomic.Int64) {
	defer c.pumped()
	read, full := from.reader(), 0
	use := func(b []byte) error {
		_, err := to.Write(b)
		return err
	}
	for {
		n, err := 0, error(nil)
		if full >= bulkAfter && from.socket() != nil && to.socket() != nil {
			n, err = bulk(to.socket(), from.socket())
			full = 0
			if n == bulkSize {
				full = bulkAfter
			}
		} else if n, err = read(use); n == bufferSize {
			full++
		} else {
			full = 0
		}
		if n > 0 {
			count.Add(int64(n))
			c.move()
		}
		if err == io.EOF {
			if to.CloseWrite() == nil {
				return
			}
		}
		if err != nil {
			c.cut()
			return
		}
	}
}

// bulk has the kernel move up to bulkSize bytes.
func bulk(to, from *net.TCPConn) (int, error) {
	n, err := to.ReadFrom(&io.LimitedReader{R: from, N: bulkSize})
	if err == nil && n < bulkSize {
		err = io.EOF
	}
	return int(n), err
}

// plain is a side without TLS.
type plain struct{ *net.TCPConn }

func (p plain) socket() *net.TCPConn { return p.TCPConn }

// reader takes a buffer only once bytes have come, so that a connection in which nothing moves has none.
func (p plain) reader() func(use func([]byte) error) (int, error) {
	raw, broken := p.SyscallConn()
	var n int
	var failure error
	var buffer *[bufferSize]byte
	look := func(fd uintptr) bool {
		buffer = buffers.Get().(*[bufferSize]byte)
		for {
			if n, failure = syscall.Read(int(fd), buffer[:]); failure != syscall.EINTR {
				break
			}
		}
		if failure == syscall.EAGAIN {
			buffers.Put(buffer)
			buffer = nil
			return false
		}
		return true
	}
	return func(use func([]byte) error) (int, error) {
		if broken != nil {
			return 0, broken
		}
		if err := raw.Read(look); err != nil {
			return 0, err
		}
		b := buffer
		buffer = nil
		defer buffers.Put(b)
		switch {
		case failure != nil:
			return 0, failure
		case n == 0:
			return 0, io.EOF
		}
		return n, use(b[:n])
	}
}
