package logs

import (
	"encoding/base64"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"berth/core"
)

// positions say how far a reader has come: the time of the last line of each instance. An engine gives no two lines
// of a container the same time, so that is exact.
type positions map[string]time.Time

const (
	cursorFormat  = 1
	maxCursorSize = 64 * 1024
)

// forget makes each instance be read from its first line.
func (p positions) forget() {
	for id := range p {
		p[id] = time.Time{}
	}
}

// encode returns p as an opaque word that fits into a URL: a format, then for each instance the length of its id,
// its id and the time in nanoseconds.
func (p positions) encode() string {
	data := []byte{cursorFormat}
	for _, id := range slices.Sorted(maps.Keys(p)) {
		data = append(data, byte(len(id)))
		data = append(data, id...)
		data = binary.BigEndian.AppendUint64(data, uint64(p[id].UnixNano()))
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// decodeCursor returns what encode was given; nothing for "".
func decodeCursor(cursor string) (positions, error) {
	p := positions{}
	if cursor == "" {
		return p, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(cursor) > maxCursorSize || len(data) == 0 || data[0] != cursorFormat {
		return nil, core.Invalid("since", "error.log_cursor")
	}
	for data = data[1:]; len(data) > 0; {
		n := int(data[0])
		if n == 0 || len(data) < 1+n+8 {
			return nil, core.Invalid("since", "error.log_cursor")
		}
		nanos := int64(binary.BigEndian.Uint64(data[1+n:]))
		p[string(data[1:1+n])] = time.Unix(0, nanos).UTC()
		data = data[1+n+8:]
	}
	return p, nil
}
