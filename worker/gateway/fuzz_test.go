package gateway

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"
	"testing"
)

var heads = []string{
	get,
	"POST /a?b HTTP/1.1\r\nHost: app.test:80\r\nContent-Length: 5\r\n\r\nhello",
	"PUT http://app.test/ HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"GET / HTTP/1.0\r\nHost: app.test\r\nConnection: keep-alive, X-A\r\nX-A: b\r\n\r\n",
	"\r\nGET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 6.6.6.6\r\nX_Forwarded_For: 6\r\n\r\n",
	upgrade,
	"OPTIONS * HTTP/1.1\r\nHost: app.test\r\n\r\n",
	"GET / HTTP/1.1\nHost: app.test\n\n",
	"GET / HTTP/1.1\r\nHost: app.test\r\n folded\r\n\r\n",
}

// Whatever head is accepted, net/http reads the same request from it, and exactly one request from what an instance
// gets, with nothing in it about its origin that the gateway has not written.
func FuzzRequest(f *testing.F) {
	for _, h := range heads {
		f.Add([]byte(h), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, step int) {
		var r, whole request
		r.reset()
		whole.reset()
		err := whole.parse(b)
		if inSteps := parseInSteps(&r, b, step); inSteps != err {
			t.Fatalf("parsed at once: %v, in steps: %v", err, inSteps)
		}
		if err != nil {
			return
		}
		if _, ok := appendDomain(nil, r.host.of(b)); !ok || r.isAsterisk(b) {
			return
		}
		theirs, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimPrefix(b[:r.pos], crlf))))
		if err != nil {
			return // net/http is stricter about the target
		}
		if theirs.Method != string(r.method.of(b)) || theirs.Host != string(r.host.of(b)) && theirs.URL.Host == "" {
			t.Fatalf("net/http reads %s %s", theirs.Method, theirs.Host)
		}
		if length := theirs.ContentLength; r.framing == byLength && length != r.length || r.framing == noBody && length != 0 || r.framing == byChunks && length != -1 {
			t.Fatalf("net/http reads a length of %d", length)
		}
		checkForwarded(t, &r, b)
	})
}

func parseInSteps(r *request, b []byte, step int) error {
	step = max(step, 1)
	for n := min(step, len(b)); ; n = min(n+step, len(b)) {
		if err := r.parse(b[:n]); err != errMore || n == len(b) {
			return err
		}
	}
}

func checkForwarded(t *testing.T, r *request, b []byte) {
	sent := appendForward(nil, b, r, &peer{address: "1.2.3.4", node: "1.2.3.4", proto: "http"}, nil)
	reader := bufio.NewReader(bytes.NewReader(sent))
	got, err := http.ReadRequest(reader)
	if err != nil {
		if strings.Contains(err.Error(), "invalid") { // escapes in the target
			return
		}
		t.Fatalf("net/http refuses %q: %v", sent, err)
	}
	if rest, _ := io.ReadAll(reader); len(rest) > 0 {
		t.Fatalf("%q holds more than a head", sent)
	}
	if v := got.Header.Values("X-Forwarded-For"); len(v) != 1 || v[0] != "1.2.3.4" {
		t.Fatalf("X-Forwarded-For is %q", v)
	}
	for name := range got.Header {
		k := kindOf([]byte(name))
		if k == disguised || k == hopField || k == originField && name != "X-Forwarded-For" && name != "X-Forwarded-Host" && name != "X-Forwarded-Proto" && name != "Forwarded" {
			t.Fatalf("%s passed", name)
		}
	}
	var again request
	again.reset()
	if err := again.parse(sent); err != nil && err != refuseHead || err == nil && again.framing != r.framing {
		t.Fatalf("%q is read otherwise the second time: %v", sent, err)
	}
}

// Whatever response is accepted, net/http sees its body end at the same place.
func FuzzResponse(f *testing.F) {
	for _, text := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\n\nok", "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n\r\n",
	} {
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, forHead bool) {
		var r response
		r.reset()
		if r.parse(b, forHead) != nil || r.interim() || r.status == 101 {
			return
		}
		method := "GET"
		if forHead {
			method = "HEAD"
		}
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(b[:r.pos])), &http.Request{Method: method})
		if err != nil {
			return
		}
		if theirs.StatusCode != r.status {
			t.Fatalf("net/http reads a status of %d", theirs.StatusCode)
		}
		if r.framing == byLength && theirs.ContentLength != r.length || r.framing == byChunks && len(theirs.TransferEncoding) != 1 {
			t.Fatalf("net/http reads a length of %d, %v", theirs.ContentLength, theirs.TransferEncoding)
		}
	})
}

// Whatever chunks are accepted, net/http reads the same from them, and from what is passed on.
func FuzzChunks(f *testing.F) {
	for _, text := range []string{
		"0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n1\r\n \r\n0\r\nX: y\r\n\r\n", "A\r\n0123456789\r\n00\r\n\r\nmore",
		"5 ;x\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n",
	} {
		f.Add([]byte(text), 2, true)
	}
	f.Fuzz(func(t *testing.T, b []byte, step int, strict bool) {
		got, used, err := readChunks(b, step, strict)
		if err != nil {
			return
		}
		theirs, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b[:used])))
		if err == nil && !bytes.Equal(theirs, got) { // it may be stricter
			t.Fatalf("read %q, net/http %q", got, theirs)
		}
	})
}

// readChunks reads a chunked body of which so many bytes come at a time.
func readChunks(b []byte, step int, strict bool) (content []byte, total int, err error) {
	var c chunks
	c.reset(strict)
	step = max(step, 1)
	for have := min(step, len(b)); ; {
		piece, used, err := c.next(b[total:have])
		content = append(content, piece...)
		total += used
		switch {
		case err == io.EOF:
			return content, total, nil
		case err == errMore && have < len(b):
			have = min(have+step, len(b))
		case err != nil:
			return nil, 0, err
		}
	}
}
