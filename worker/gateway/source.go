package gateway

import (
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// source is the reading side of a connection: what was read and is not yet used.
type source struct {
	conn   net.Conn
	buf    []byte // nil while nothing is read
	r, w   int    // buf[r:w] is not yet used
	by     time.Time
	filled bool // the last read took all the room there was: a larger buffer pays
}

// errFull means that a head or the frame of a chunk is longer than the largest buffer.
var errFull = errors.New("longer than the buffer")

func (s *source) bytes() []byte { return s.buf[s.r:s.w] }
func (s *source) buffered() int { return s.w - s.r }
func (s *source) skip(n int)    { s.r += n }

// fill waits for at least one more byte, for limit at most. What bytes returned before is no longer valid.
func (s *source) fill(limit time.Duration) error {
	if !s.makeRoom() {
		return errFull
	}
	if err := s.arm(limit); err != nil {
		return err
	}
	n, err := s.conn.Read(s.buf[s.w:])
	s.w += n
	s.filled = s.w == len(s.buf)
	if n > 0 {
		return nil
	}
	switch {
	case err == nil:
		err = io.ErrNoProgress
	case isTimeout(err):
		s.by = time.Time{} // it may have come early, by someone else's hand
	}
	return err
}

func (s *source) makeRoom() bool {
	if s.buf == nil {
		s.buf = getBuffer(smallBuffer)
	}
	if s.r == s.w {
		s.r, s.w = 0, 0
		if s.filled {
			s.enlarge()
		}
		return true
	}
	if s.w < len(s.buf) {
		return true
	}
	if s.r > 0 {
		s.w = copy(s.buf, s.buf[s.r:s.w])
		s.r = 0
		return true
	}
	return s.enlarge()
}

func (s *source) enlarge() bool {
	if len(s.buf) == largeBuffer {
		return false
	}
	large := getBuffer(largeBuffer)
	s.w = copy(large, s.bytes())
	s.r = 0
	putBuffer(s.buf)
	s.buf = large
	return true
}

// rest gives a buffer back that is empty, and in any case when done.
func (s *source) rest(done bool) {
	if s.r == s.w || done {
		putBuffer(s.buf)
		s.buf, s.r, s.w, s.filled = nil, 0, 0, false
	}
}

// arm sets the deadline, unless the one in force is within an eighth of what is wanted: setting it costs more than
// its exactness is worth.
func (s *source) arm(limit time.Duration) error {
	by := s.now().Add(limit)
	if late := by.Sub(s.by); late >= 0 && late <= limit/8 {
		return nil
	}
	s.by = by
	return s.conn.SetReadDeadline(by)
}

func (s *source) now() time.Time {
	if k, ok := s.conn.(*link); ok {
		return k.in.task.clock()
	}
	return time.Now()
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
