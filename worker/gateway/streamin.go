package gateway

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// streamIn gives a stream's request as the bytes of an HTTP/1.1 request: first the head, then the body.
type streamIn struct {
	r       *http.Request
	chunked bool
	ready   []byte // framing that is to be read next
	atEnd   bool   // of the body
	ended   bool   // of all
	space   [16]byte
}

// chunkHead is how much a chunk's size takes, as this file writes it: "7ff8\r\n".
const chunkHead = 6

func (s *streamIn) begin(r *http.Request) { s.r, s.chunked = r, r.ContentLength < 0 }

// read reads the body, in chunks if its length is not known.
func (s *streamIn) read(p []byte) (int, error) {
	if !s.chunked {
		return s.r.Body.Read(p)
	}
	for len(s.ready) == 0 {
		switch {
		case s.ended:
			return 0, io.EOF
		case s.atEnd:
			s.ended, s.ready = true, appendTrailer(nil, s.r.Trailer)
			continue
		case len(p) >= len(s.space):
			if n, err := s.chunk(p); n > 0 || err != nil {
				return n, err
			}
			continue
		}
		n, err := s.chunk(s.space[:])
		if err != nil {
			return 0, err
		}
		s.ready = s.space[:n]
	}
	n := copy(p, s.ready)
	s.ready = s.ready[n:]
	return n, nil
}

// chunk fills p with one chunk at most.
func (s *streamIn) chunk(p []byte) (int, error) {
	n, err := readChunk(s.r.Body, p)
	if err == io.EOF {
		s.atEnd, err = true, nil
	}
	if n > 0 {
		err = nil // comes again
	}
	return n, err
}

// readChunk fills p with one chunk at most, of what comes next from body. Errors are those of body, and may come with
// bytes.
func readChunk(body io.Reader, p []byte) (int, error) {
	n, err := body.Read(p[chunkHead : len(p)-len(crlf)])
	if n == 0 {
		return 0, err
	}
	const digits = "0123456789abcdef"
	p[0], p[1], p[2], p[3] = digits[n>>12&15], digits[n>>8&15], digits[n>>4&15], digits[n&15]
	p[4], p[5], p[chunkHead+n], p[chunkHead+n+1] = '\r', '\n', '\r', '\n'
	return chunkHead + n + len(crlf), err
}

// appendTrailer appends the last chunk and the fields behind it.
func appendTrailer(dst []byte, trailer http.Header) []byte {
	dst = append(dst, "0\r\n"...)
	for name, values := range trailer {
		for _, v := range values {
			dst = append(append(append(append(dst, name...), ": "...), v...), crlf...)
		}
	}
	return append(dst, crlf...)
}

// headBuffer returns the size of the buffer for a request's head.
func headBuffer(r *http.Request) int {
	n := len(r.Method) + len(r.RequestURI) + len(r.Host) + 96
	for name, values := range r.Header {
		for _, v := range values {
			n += len(name) + len(v) + 4
		}
	}
	if n <= smallBuffer {
		return smallBuffer
	}
	return largeBuffer
}

// appendStreamHead writes the head of a request as HTTP/1.1 has it. What it writes is parsed like every other head, so
// whatever is in it that does not belong there is refused; this refuses what the text would not show.
func appendStreamHead(dst []byte, r *http.Request) ([]byte, *refusal) {
	dst = append(append(append(append(dst, r.Method...), ' '), r.RequestURI...), " HTTP/1.1\r\nHost: "...)
	dst = append(append(dst, r.Host...), crlf...)
	lines := 3 // the last is empty
	for name, values := range r.Header {
		switch name {
		case "Host":
			if len(values) > 1 || values[0] != r.Host {
				return dst, refuseMalformed
			}
			continue
		case "Content-Length":
			if len(values) > 1 || !sameLength(values[0], r.ContentLength) {
				return dst, refuseFraming
			}
			continue
		case "Transfer-Encoding", "Connection", "Upgrade":
			return dst, refuseMalformed
		}
		for _, v := range values {
			dst = append(append(append(append(dst, name...), ": "...), v...), crlf...)
			lines++
		}
	}
	if r.ContentLength != 0 {
		dst = appendFraming(dst, r.ContentLength)
		lines++
	}
	dst = append(dst, crlf...)
	if bytes.Count(dst, newline) != lines { // something in it ends a line of its own
		return dst, refuseMalformed
	}
	return dst, nil
}

func appendFraming(dst []byte, length int64) []byte {
	if length < 0 {
		return append(dst, "Transfer-Encoding: chunked\r\n"...)
	}
	return append(strconv.AppendInt(append(dst, "Content-Length: "...), length, 10), crlf...)
}

var newline = []byte("\n")

// sameLength reports whether a Content-Length field says what the framing does.
func sameLength(field string, length int64) bool {
	n, ok := parseLength([]byte(field))
	return ok && n == length
}
