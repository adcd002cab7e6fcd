package gateway

import (
	"io"
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

// streamOut turns the bytes of an HTTP/1.1 response back into one of HTTP/2.
type streamOut struct {
	left    []byte // bytes that make no whole line yet
	res     response
	begun   bool // the head is passed on
	whole   bool // all is
	content body
	by      time.Time // until when the client must take what is written
	armed   bool      // by is in force
}

// Write implements net.Conn.
func (x *stream) Write(p []byte) (int, error) {
	b := p
	if len(x.left) > 0 {
		x.left = append(x.left, p...)
		b = x.left
	}
	used, err := x.pass(b)
	if err != nil {
		return 0, err
	}
	x.left = append(x.left[:0], b[used:]...)
	return len(p), nil
}

// pass passes on what is whole in b and returns how much that was.
func (x *stream) pass(b []byte) (used int, err error) {
	for !x.begun {
		if err := x.res.parse(b[used:], x.conn.req.isHead); err == errMore {
			return used, nil
		} else if err != nil {
			return used, err
		}
		head := b[used : used+x.res.pos]
		used += x.res.pos
		x.passHead(head)
	}
	for !x.whole {
		piece, n, err := x.content.next(b[used:])
		switch {
		case len(piece) > 0:
			if err := x.passPiece(piece); err != nil {
				return used, err
			}
		case err == io.EOF:
			x.passTrailer(b[used:])
			x.whole = true
			x.arm()
		case err == errMore:
			return used + n, nil
		case err != nil:
			return used, err
		}
		used += n
	}
	return used, nil
}

// passHead passes on a head; after one that is interim another follows.
func (x *stream) passHead(b []byte) {
	header, text := x.w.Header(), string(b)
	values := make([]string, len(x.res.fields))
	for i, f := range x.res.fields {
		switch f.kind {
		case connectionField, transferField, hopField, upgradeField:
			continue
		}
		name := canonical(text[f.name.from:f.name.to])
		values[i] = text[f.value.from:f.value.to]
		if old := header[name]; old != nil {
			header[name] = append(old, values[i])
		} else {
			header[name] = values[i : i+1 : i+1]
		}
	}
	if !x.res.interim() {
		x.passFinal(header)
		return
	}
	if x.res.status != http.StatusContinue { // http2 says that by itself
		x.arm()
		x.w.WriteHeader(x.res.status)
	}
	clear(header)
	x.res.reset()
}

func (x *stream) passFinal(header http.Header) {
	for _, name := range [...]string{"Content-Type", "Date"} {
		if header[name] == nil {
			header[name] = nil // or else http2 would add one
		}
	}
	x.begun = true
	x.content.begin(x.res.framing, x.res.length, false)
	x.w.WriteHeader(x.res.status)
}

func (x *stream) passPiece(piece []byte) error {
	x.arm()
	_, err := x.w.Write(piece)
	return err
}

// passTrailer passes on the fields behind the body, which lie at the beginning of b.
func (x *stream) passTrailer(b []byte) {
	if x.content.framing != byChunks {
		return
	}
	header := x.w.Header()
	for _, f := range x.content.chunks.trailer.fields {
		if f.kind == plainField {
			name := http.TrailerPrefix + canonical(string(f.name.of(b)))
			header[name] = append(header[name], string(f.value.of(b)))
		}
	}
}

// push has what was written go out. The end goes out with the end of the stream.
func (x *stream) push() error {
	if !x.begun || x.whole {
		return nil
	}
	x.arm()
	if err := x.w.FlushError(); err != nil {
		return err
	}
	x.armed = false // what comes next may take its time
	return x.w.SetWriteDeadline(time.Time{})
}

// arm has the stream reset when the client does not take what is written in time.
func (x *stream) arm() {
	if !x.armed {
		x.armed = true
		x.w.SetWriteDeadline(x.by)
	}
}

// canonical returns the name of a field as net/http has it.
func canonical(name string) string {
	if known, ok := knownNames[name]; ok {
		return known
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

// knownNames spare the ordinary names their conversion.
var knownNames = func() map[string]string {
	known := map[string]string{}
	for _, name := range []string{"Accept-Ranges", "Age", "Cache-Control", "Content-Encoding", "Content-Language", "Content-Length",
		"Content-Security-Policy", "Content-Type", "Date", "Etag", "Expires", "Last-Modified", "Link", "Location", "Server",
		"Set-Cookie", "Strict-Transport-Security", "Vary", "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By"} {
		known[name] = name
		known[strings.ToLower(name)] = name
	}
	return known
}()
