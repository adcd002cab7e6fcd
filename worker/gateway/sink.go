package gateway

import (
	"net"
	"strconv"
	"time"
)

// sink is the writing side of a connection. It gathers small pieces and writes large ones past its buffer.
type sink struct {
	conn    net.Conn
	limit   time.Duration // for the other side to take a piece
	out     []byte        // gathered, not yet written; nil while nothing is
	by      time.Time
	pieces  [3][]byte
	vector  net.Buffers
	records bool         // the connection is one of TLS
	push    func() error // has what was written go out; nil where writing does
}

// room returns the buffer to append to; the caller assigns it back to out.
func (k *sink) room() []byte {
	if k.out == nil {
		k.out = getBuffer(smallBuffer)[:0]
	}
	return k.out
}

// raw writes p as it is.
func (k *sink) raw(p []byte) error {
	out := k.room()
	if len(out)+len(p) <= cap(out) {
		k.out = append(out, p...)
		return nil
	}
	return k.writev(p, nil)
}

// chunk writes p as one chunk.
func (k *sink) chunk(p []byte) error {
	out := strconv.AppendUint(k.room(), uint64(len(p)), 16)
	k.out = append(out, crlf...)
	if len(k.out)+len(p)+len(crlf) <= cap(k.out) {
		k.out = append(append(k.out, p...), crlf...)
		return nil
	}
	return k.writev(p, crlf)
}

// flush writes what was gathered.
func (k *sink) flush() error {
	if len(k.out) == 0 {
		return nil
	}
	if err := k.arm(); err != nil {
		return err
	}
	_, err := k.conn.Write(k.out)
	k.out = k.out[:0]
	if err == nil && k.push != nil {
		err = k.push()
	}
	return err
}

// writev writes what was gathered, p and tail in one system call.
func (k *sink) writev(p, tail []byte) error {
	if err := k.arm(); err != nil {
		return err
	}
	if k.records {
		return k.writeRecords(p, tail)
	}
	if l, ok := k.conn.(*link); ok {
		err := l.writev(k.out, p, tail)
		k.out = k.out[:0]
		return err
	}
	k.pieces = [3][]byte{k.out, p, tail}
	k.vector = k.pieces[:]
	_, err := k.vector.WriteTo(k.conn)
	k.out = k.out[:0]
	return err
}

// writeRecords writes the same over TLS, where every write is a record and a system call: so it fills a large buffer
// before each.
func (k *sink) writeRecords(pieces ...[]byte) error {
	if cap(k.out) < largeBuffer {
		large := append(getBuffer(largeBuffer)[:0], k.out...)
		putBuffer(k.out)
		k.out = large
	}
	for _, p := range pieces {
		for len(p) > 0 {
			if len(k.out) == cap(k.out) {
				if _, err := k.conn.Write(k.out); err != nil {
					return err
				}
				k.out = k.out[:0]
			}
			n := min(len(p), cap(k.out)-len(k.out))
			k.out, p = append(k.out, p[:n]...), p[n:]
		}
	}
	return nil
}

// rest gives the buffer back; what is in it is lost.
func (k *sink) rest() {
	putBuffer(k.out)
	k.out = nil
}

// arm sets the deadline as source.arm does.
func (k *sink) arm() error {
	by := k.now().Add(k.limit)
	if late := by.Sub(k.by); late >= 0 && late <= k.limit/8 {
		return nil
	}
	k.by = by
	return k.conn.SetWriteDeadline(by)
}

func (k *sink) now() time.Time {
	if l, ok := k.conn.(*link); ok {
		return l.out.task.clock()
	}
	return time.Now()
}

var crlf = []byte("\r\n")
