package gateway

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"berth/core"
)

const askGzip = "GET / HTTP/1.1\r\nHost: app.test\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n"

func TestTextIsCompressed(t *testing.T) {
	text := repeat("All work and no play. ", 10_000)
	short := repeat("x", minCompressed-1)
	html := "Content-Type: text/html; charset=utf-8\r\n"
	sized := func(head, body string) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", head, len(body), body)
	}
	chunked := "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n%x\r\n%s\r\n0\r\nX-Sum: 1\r\n\r\n", len(text)/2, text[:len(text)/2], len(text)-len(text)/2, text[len(text)/2:])
	for name, x := range map[string]struct {
		request, response, body string
		compressed, varies      bool
	}{
		"text":             {askGzip, sized(html, text), text, true, true},
		"chunks":           {askGzip, "HTTP/1.1 200 OK\r\n" + html + chunked, text, true, true},
		"error page":       {askGzip, strings.Replace(sized(html, text), "200 OK", "404 Not Found", 1), text, true, true},
		"json":             {askGzip, sized("content-type: application/problem+json\r\n", text), text, true, true},
		"picture":          {askGzip, sized("Content-Type: image/png\r\n", text), text, false, false},
		"no type":          {askGzip, sized("", text), text, false, false},
		"short":            {askGzip, sized(html, short), short, false, false},
		"has an encoding":  {askGzip, sized(html+"Content-Encoding: br\r\n", text), text, false, false},
		"no-transform":     {askGzip, sized(html+"Cache-Control: public, No-Transform\r\n", text), text, false, false},
		"digest":           {askGzip, sized(html+"Content-Digest: sha-256=:x:\r\n", text), text, false, false},
		"part":             {askGzip, strings.Replace(sized(html+"Content-Range: bytes 0-9/20\r\n", text), "200 OK", "206 Partial Content", 1), text, false, false},
		"events":           {askGzip, sized("Content-Type: text/event-stream\r\n", text), text, false, false},
		"client without":   {get, sized(html, text), text, false, true},
		"client refuses":   {strings.Replace(askGzip, "gzip;q=0.5", "gzip;q=0.0", 1), sized(html, text), text, false, true},
		"old client":       {strings.Replace(askGzip, "HTTP/1.1", "HTTP/1.0", 1), sized(html, text), text, false, false},
		"head":             {"HEAD" + askGzip[3:], fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n", html, len(text)), "", false, false},
		"not to be closed": {askGzip, strings.Replace(sized(html, text), "Content-Length", "Connection: close\r\nContent-Length", 1), text, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := obeying(t, core.Rules{Compress: true}, tcpOrigin(t, always(x.response)).address())
			res, body := f.ask(x.request)
			compressed := res.Header.Get("Content-Encoding") == "gzip"
			if compressed != x.compressed || (res.Header.Get("Vary") == "Accept-Encoding") != x.varies {
				t.Fatalf("compressed: %v, head: %v", compressed, res.Header)
			}
			if compressed {
				if len(body) > len(x.body)/10 || res.ContentLength >= 0 {
					t.Errorf("%d bytes became %d", len(x.body), len(body))
				}
				z, err := gzip.NewReader(strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				plain, err := io.ReadAll(z)
				if err != nil {
					t.Fatal(err)
				}
				body = string(plain)
			}
			if body != x.body {
				t.Errorf("the body is %d bytes, want %d", len(body), len(x.body))
			}
		})
	}
}

func TestCompressedResponsesHaveOtherTags(t *testing.T) {
	for tag, want := range map[string]string{`"abc"`: `W/"abc"`, `W/"abc"`: `W/"abc"`} {
		f := obeying(t, core.Rules{Compress: true, ResponseHeaders: []core.HeaderRule{{Name: "X-A", Value: "b"}, {Name: "X-Gone"}}},
			tcpOrigin(t, always("HTTP/1.1 200 OK\r\nContent-Type: text/css\r\nETag: "+tag+"\r\nAccept-Ranges: bytes\r\nX-Gone: 1\r\nContent-Length: 2000\r\n\r\n"+repeat("x", 2000))).address())
		res, _ := f.ask(askGzip)
		h := res.Header
		if h.Get("ETag") != want || h.Get("Accept-Ranges") != "" || h.Get("X-A") != "b" || h.Get("X-Gone") != "" || len(h["Etag"]) != 1 {
			t.Errorf("head: %v", h)
		}
	}
}

// What an instance has sent is not held back until more comes.
func TestCompressedResponsesFlow(t *testing.T) {
	next := make(chan bool)
	f := obeying(t, core.Rules{Compress: true}, server(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for range 3 {
			io.WriteString(w, "a line\n")
			w.(http.Flusher).Flush()
			<-next
		}
	}))
	c := f.dial()
	for range 2 { // the connection serves another exchange afterwards
		c.send(askGzip)
		res, err := http.ReadResponse(c.Reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(z)
		for range 3 {
			if line, err := lines.ReadString('\n'); line != "a line\n" {
				t.Fatalf("%q, %v", line, err)
			}
			next <- true
		}
		if rest, err := io.ReadAll(lines); len(rest) > 0 || err != nil {
			t.Fatalf("%q, %v", rest, err)
		}
		io.Copy(io.Discard, res.Body)
	}
}

// A response that breaks off does not look whole.
func TestCompressedResponsesBreakOff(t *testing.T) {
	f := obeying(t, core.Rules{Compress: true}, tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5000\r\n\r\nhalf")
	}).address())
	c := f.dial()
	c.send(askGzip)
	res, err := http.ReadResponse(c.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%d bytes look whole", len(body))
	}
}

func BenchmarkCompress(b *testing.B) {
	page := repeat(`<li class="item"><a href="/shop/items/12345">An item of the shop</a></li>`+"\n", 200)
	for name, rules := range map[string]core.Rules{"plain": {MaxBody: 1}, "gzip": {Compress: true}} {
		b.Run(name, func(b *testing.B) {
			f := obeying(b, rules, tcpOrigin(b, always(fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(page), page))).address())
			c := f.dial()
			b.ReportAllocs()
			for b.Loop() {
				c.send(askGzip)
				res, _ := http.ReadResponse(c.Reader, nil)
				io.Copy(io.Discard, res.Body)
			}
		})
	}
}
