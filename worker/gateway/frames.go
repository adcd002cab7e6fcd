package gateway

import "encoding/binary"

// frames follows a stream of WebSocket frames (RFC 6455, 5.2), to know where one ends.
type frames struct {
	head   [14]byte
	n      int    // bytes of the head that have come
	left   uint64 // of the payload
	closed bool   // a Close frame has come
}

// between reports whether the stream stands between two frames.
func (f *frames) between() bool { return f.n == 0 && f.left == 0 }

// advance follows p up to its end, or to the end of the frame under way if asked, and returns how far it got.
func (f *frames) advance(p []byte, oneFrame bool) int {
	at := 0
	for at < len(p) {
		if f.left > 0 {
			n := min(f.left, uint64(len(p)-at))
			f.left -= n
			at += int(n)
		} else {
			f.header(p[at])
			at++
		}
		if oneFrame && f.between() {
			break
		}
	}
	return at
}

func (f *frames) header(c byte) {
	f.head[f.n] = c
	f.n++
	if f.n < 2 {
		return
	}
	size, length := 2, uint64(f.head[1]&0x7f)
	switch length {
	case 126:
		size = 4
	case 127:
		size = 10
	}
	if f.head[1]&0x80 != 0 { // masked
		size += 4
	}
	if f.n < size {
		return
	}
	switch length {
	case 126:
		length = uint64(binary.BigEndian.Uint16(f.head[2:]))
	case 127:
		length = binary.BigEndian.Uint64(f.head[2:])
	}
	f.closed = f.closed || f.head[0]&0x0f == opcodeClose
	f.n, f.left = 0, length
}

const opcodeClose = 8

// goingAway is the Close frame with status 1001.
var goingAway = []byte{0x80 | opcodeClose, 2, 0x03, 0xe9}
