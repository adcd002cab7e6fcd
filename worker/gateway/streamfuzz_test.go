package gateway

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/iotest"
	"time"
)

// Whatever a client of HTTP/2 sends, its head is refused or means the same in HTTP/1.1: nothing in it becomes another
// line, and its fields are those that were sent.
func FuzzStreamHead(f *testing.F) {
	f.Add("GET", "/", "app.test", "X-Name", "value", int64(0))
	f.Add("GET /evil HTTP/1.1\r\nX: ", "/", "app.test", "Content-Length", "5", int64(5))
	f.Add("POST", "/ HTTP/1.1\r\nHost: evil\r\n\r\n", "app.test\r\nX: y", "Transfer-Encoding", "chunked", int64(-1))
	f.Add("OPTIONS", "*", "app.test:443", "Host", "evil.test", int64(-1))
	f.Fuzz(func(t *testing.T, method, path, host, name, value string, length int64) {
		r := &http.Request{Method: method, RequestURI: path, Host: host, ContentLength: length,
			Header: http.Header{name: {value}, "X-Last": {"z"}}}
		text, refused := appendStreamHead(nil, r)
		var got request
		got.reset()
		if refused != nil || got.parse(text) != nil {
			return
		}
		if got.pos != len(text) {
			t.Fatalf("the head ends before its end: %q", text)
		}
		if string(got.method.of(text)) != method || string(got.host.of(text)) != string(trimmed(host)) {
			t.Fatalf("another method or host: %q", text)
		}
		if target := string(got.target.of(text)); target != path && len(target) >= len(path) {
			t.Fatalf("another target: %q", text)
		}
		want := []string{"Host", "X-Last"}
		switch name {
		case "Host", "Content-Length", "X-Last":
		default:
			want = append(want, name)
		}
		if length < 0 {
			want = append(want, "Transfer-Encoding")
		} else if length > 0 {
			want = append(want, "Content-Length")
		}
		var names []string
		for _, f := range got.fields {
			names = append(names, string(f.name.of(text)))
		}
		slices.Sort(names)
		slices.Sort(want)
		if fmt.Sprint(names) != fmt.Sprint(want) && name != "X-Last" {
			t.Fatalf("fields %q, want %q, in %q", names, want, text)
		}
		if length < 0 != (got.framing == byChunks) || length > 0 && (got.framing != byLength || got.length != length) {
			t.Fatalf("another length: %q", text)
		}
	})
}

func trimmed(s string) []byte { return trim([]byte(s), span{0, len(s)}).of([]byte(s)) }

// A body comes out as it went in, however it is cut.
func FuzzStreamBody(f *testing.F) {
	f.Add([]byte("hello"), uint16(1), uint16(3))
	f.Add(bytes.Repeat([]byte("0123456789"), 5000), uint16(40), uint16(8000))
	f.Fuzz(func(t *testing.T, content []byte, room, cut uint16) {
		var in streamIn
		in.begin(&http.Request{ContentLength: -1, Body: io.NopCloser(iotest.DataErrReader(bytes.NewReader(content)))})
		framed := readBy(t, &in, 1+int(room))
		rec := &recorded{header: http.Header{}}
		x := newStream(&conn{Gateway: New(Options{})})
		x.w = rec
		text := append([]byte("HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"), framed...)
		for piece := range slices.Chunk(text, 1+int(cut)) {
			if _, err := x.Write(piece); err != nil {
				t.Fatal(err)
			}
		}
		if !x.whole || !bytes.Equal(rec.body.Bytes(), content) || rec.header.Get("X") != "y" {
			t.Fatalf("%d bytes came out of %d, whole %v", rec.body.Len(), len(content), x.whole)
		}
	})
}

func readBy(t *testing.T, in *streamIn, room int) (all []byte) {
	p := make([]byte, room)
	for {
		n, err := in.read(p)
		all = append(all, p[:n]...)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Arbitrary bytes of a response, in arbitrary pieces, are passed on, refused or waited for: nothing else.
func FuzzStreamResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), uint8(3))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n"), uint8(1))
	f.Fuzz(func(t *testing.T, text []byte, cut uint8) {
		x := newStream(&conn{Gateway: New(Options{})})
		x.w = &recorded{header: http.Header{}}
		for piece := range slices.Chunk(text, 1+int(cut)) {
			if _, err := x.Write(piece); err != nil {
				return
			}
		}
	})
}

// recorded is a streamWriter that keeps what it is given.
type recorded struct {
	header http.Header
	body   bytes.Buffer
}

func (r *recorded) Header() http.Header              { return r.header }
func (r *recorded) WriteHeader(int)                  {}
func (r *recorded) Write(p []byte) (int, error)      { return r.body.Write(p) }
func (r *recorded) FlushError() error                { return nil }
func (r *recorded) SetReadDeadline(time.Time) error  { return nil }
func (r *recorded) SetWriteDeadline(time.Time) error { return nil }
