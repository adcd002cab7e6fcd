package gateway

import (
	"bytes"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// minCompressed is the least length of a body that pays.
const minCompressed = 1 << 10

var gzipWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is one
	}
	return w
}}

// newSqueezed is what the head of a compressed response goes through: another body has other tags and ranges.
func newSqueezed(response *rewrite) *rewrite {
	w := &rewrite{}
	if response != nil {
		w.lines = append(w.lines, response.lines...)
		for _, name := range response.out.names {
			w.out.add(name)
		}
	}
	w.lines = append(w.lines, "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"...)
	return w.without("ETag").without("Accept-Ranges")
}

// acceptsGzip reads an Accept-Encoding field.
func acceptsGzip(accept []byte) bool {
	for choice := range bytes.SplitSeq(accept, comma) {
		name, params, _ := bytes.Cut(choice, semicolon)
		if bytes.EqualFold(bytes.TrimSpace(name), gzipName) {
			q, found := bytes.CutPrefix(bytes.TrimSpace(params), []byte("q="))
			return !found || len(bytes.Trim(q, "0.")) > 0
		}
	}
	return false
}

var gzipName = []byte("gzip")

// compressible reports whether a response may be compressed for a client that takes it; b is what its head was parsed
// from.
func (c *conn) compressible(b []byte) bool {
	r := &c.res
	if c.rules == nil || !c.rules.compress || c.req.isHead || c.req.old || r.framing == noBody || r.status == 206 ||
		r.sized && r.length < minCompressed {
		return false
	}
	text := false
	for _, f := range r.fields {
		name := f.name.of(b)
		if len(name) < 4 || len(name) > len("content-encoding") {
			continue
		}
		var space [16]byte
		switch value := f.value.of(b); string(appendName(space[:0], name)) {
		case "content-type":
			text = isText(value)
		case "content-encoding", "content-range", "content-md5", "content-digest", "digest", "repr-digest":
			return false
		case "cache-control":
			if bytes.Contains(bytes.ToLower(value), []byte("no-transform")) {
				return false
			}
		}
	}
	return text
}

// isText says which types compress well. Streams of events do too, but are to arrive one by one.
func isText(value []byte) bool {
	kind, _, _ := strings.Cut(strings.ToLower(string(value)), ";")
	kind = strings.TrimSpace(kind)
	switch kind {
	case "text/event-stream":
		return false
	case "application/json", "application/javascript", "application/xml", "application/x-javascript", "application/wasm", "application/x-ndjson":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// appendRuled appends the fields of a response as the rules have them; b is what its head was parsed from.
func (c *conn) appendRuled(dst, b []byte) []byte {
	w := c.rules.response
	if c.squeezes {
		w = c.rules.squeezed
		dst = c.appendWeakTag(dst, b)
	} else if c.compressible(b) {
		dst = append(dst, "Vary: Accept-Encoding\r\n"...)
	}
	dst = w.appendFields(dst, b, &c.res.head, passesToClient)
	return c.appendCookies(dst, c.tally.instance)
}

// appendWeakTag passes the ETag on: what it names means the same, and is not the same bytes.
func (c *conn) appendWeakTag(dst, b []byte) []byte {
	for _, f := range c.res.fields {
		if bytes.EqualFold(f.name.of(b), etagName) {
			dst = append(dst, "ETag: "...)
			if value := f.value.of(b); bytes.HasPrefix(value, weakMark) {
				dst = append(append(dst, value...), crlf...)
			} else {
				dst = append(append(append(dst, weakMark...), value...), crlf...)
			}
		}
	}
	return dst
}

var (
	etagName = []byte("ETag")
	weakMark = []byte("W/")
)

// chunked has what is written become chunks.
type chunked struct{ *sink }

func (k chunked) Write(p []byte) (int, error) {
	if len(p) == 0 { // which would be the last
		return 0, nil
	}
	return len(p), k.chunk(p)
}

// relayGzip passes a body on as relay does, compressed. What has come is on its way before more is waited for.
func (c *conn) relayGzip(src *source) (read, write error) {
	z := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(z)
	z.Reset(chunked{&c.out})
	y := &c.content
	for waiting := false; ; {
		piece, used, err := y.next(src.bytes())
		if err == io.EOF {
			src.skip(used)
			return nil, c.endGzip(z)
		}
		if err != nil && err != errMore {
			return err, nil
		}
		if len(piece) > 0 {
			_, write = z.Write(piece)
			waiting = true
		}
		src.skip(used)
		y.seen += int64(len(piece))
		if err == errMore && write == nil {
			if waiting {
				write, waiting = z.Flush(), false
			}
			if write == nil {
				write = c.out.flush()
			}
			if write == nil {
				read = c.wait(src)
			}
		}
		if read == io.EOF && y.framing == byClose {
			return nil, c.endGzip(z)
		}
		if read != nil || write != nil {
			return read, write
		}
	}
}

func (c *conn) endGzip(z *gzip.Writer) error {
	if err := z.Close(); err != nil {
		return err
	}
	c.out.out = append(c.out.room(), "0\r\n\r\n"...)
	return c.out.flush()
}

// relay passes the body of the response on.
func (c *conn) relay(up *upstream, inChunks bool) (read, write error) {
	if c.squeezes {
		return c.relayGzip(&up.in)
	}
	return relay(&c.out, &up.in, &c.content, inChunks, c)
}
