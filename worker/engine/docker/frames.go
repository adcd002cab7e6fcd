package docker

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"
)

// maxFrame bounds what the engine may send at once. It sends 16 KiB and a time.
const maxFrame = 1 << 20

// streams are the names of the streams by their numbers, the first of which a log never has.
var streams = [...]string{"stdin", "stdout", "stderr"}

// frameReader reads what the engine sends of a log: the number of a stream and a length in eight bytes, then a time,
// a blank and a line, or a piece of one without its end.
type frameReader struct {
	r       io.Reader
	header  [8]byte
	payload []byte
}

// next returns the next frame; its text is valid until the next call. The error is io.EOF at the end of the log.
func (f *frameReader) next() (at time.Time, stream int, text []byte, err error) {
	if _, err := io.ReadFull(f.r, f.header[:]); err != nil {
		return at, 0, nil, err
	}
	stream, size := int(f.header[0]), int(binary.BigEndian.Uint32(f.header[4:]))
	if stream >= len(streams) || size > maxFrame {
		return at, 0, nil, fmt.Errorf("log frame of %d bytes of stream %d", size, stream)
	}
	if cap(f.payload) < size {
		f.payload = make([]byte, size)
	}
	f.payload = f.payload[:size]
	if _, err := io.ReadFull(f.r, f.payload); err != nil {
		return at, 0, nil, io.ErrUnexpectedEOF
	}
	at, text = splitTime(f.payload)
	return at, stream, text, nil
}

func splitTime(payload []byte) (time.Time, []byte) {
	stamp, _, _ := strings.Cut(string(payload[:min(len(payload), 40)]), " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	if err != nil {
		return time.Time{}, payload
	}
	return at, payload[min(len(stamp)+1, len(payload)):]
}
