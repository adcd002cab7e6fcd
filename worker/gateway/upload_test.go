package gateway

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// zeros is a stream of so many bytes that takes no memory.
func zeros(n int64) io.Reader { return io.LimitReader(endless{}, n) }

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// Bodies of a quarter of a GiB, with a length and in chunks, go through both ways at once in a few MiB of memory.
func TestHugeBodiesTakeLittleMemory(t *testing.T) {
	const size = 256 << 20
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil || n != size {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if r.ContentLength >= 0 {
			w.Header().Set("Content-Length", strconv.Itoa(size))
		}
		io.Copy(w, zeros(size))
	}))
	debug.FreeOSMemory()
	before := rss(t)
	var transfers sync.WaitGroup
	for _, length := range []int64{size, -1} {
		transfers.Go(func() {
			req, _ := http.NewRequest("POST", "http://app.test/", zeros(size))
			req.ContentLength = length
			client := f.httpClient()
			client.Timeout = 0
			res, err := client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			if err != nil || n != size || res.StatusCode != 200 {
				t.Errorf("%d, %d bytes, %v", res.StatusCode, n, err)
			}
		})
	}
	transfers.Wait()
	if grown := rss(t) - before; grown > 32<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}

// rss is the memory of this process that is resident, in bytes: client, gateway and instance together.
func rss(t *testing.T) int {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

// Bodies of every size around the sizes of buffers arrive byte for byte, both ways, framed either way.
func TestBodiesArriveWhole(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		if r.URL.Query().Has("length") {
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		}
		w.Write(content)
	}))
	client := f.httpClient()
	for _, size := range []int{0, 1, 2, 3000, smallBuffer - 200, smallBuffer - 1, smallBuffer, smallBuffer + 1, 3 * smallBuffer,
		largeBuffer - 1, largeBuffer, largeBuffer + 1, 10*largeBuffer + 7} {
		for _, chunked := range []bool{false, true} {
			for _, query := range []string{"", "?length"} {
				content := make([]byte, size)
				for i := range content {
					content[i] = byte(i * 7)
				}
				var reader io.Reader = strings.NewReader(string(content))
				if chunked {
					reader = struct{ io.Reader }{reader}
				}
				res, err := client.Post("http://app.test/"+query, "", reader)
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || string(got) != string(content) {
					t.Fatalf("%d bytes, chunked %v, %q: got %d, %v", size, chunked, query, len(got), err)
				}
			}
		}
	}
}

// An instance may answer before it has read the request, and keep the answer and the rest apart.
func TestEarlyResponse(t *testing.T) {
	for _, closes := range []bool{false, true} {
		t.Run(fmt.Sprint("closes ", closes), func(t *testing.T) {
			f := start(t, Options{})
			o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
				readHeadText(r)
				io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch")
				if !closes {
					time.Sleep(20 * time.Second)
				}
			})
			f.app(o.address())
			c := f.dial()
			c.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 100000000\r\n\r\n")
			go io.Copy(c.Conn, zeros(100000000))
			res, content := c.response("POST")
			if res.StatusCode != 413 || content != "much" || !res.Close {
				t.Errorf("%d %q, close %v", res.StatusCode, content, res.Close)
			}
			if n := f.counts().Failed; n != 0 {
				t.Errorf("%d failures counted", n)
			}
		})
	}
}

// A request and its response may run side by side.
func TestBothWaysAtOnce(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for line := bufio.NewReader(req.Body); ; {
			text, err := line.ReadString('\n')
			if err != nil {
				io.WriteString(c, "0\r\n\r\n")
				return
			}
			fmt.Fprintf(c, "%x\r\n%s\r\n", len(text), text)
		}
	}).address())
	c := f.dial()
	c.send("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n")
	res, err := http.ReadResponse(c.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(res.Body)
	for _, text := range []string{"one\n", "two\n", "three\n"} {
		c.send(fmt.Sprintf("%x\r\n%s\r\n", len(text), text))
		if got, err := lines.ReadString('\n'); got != text {
			t.Fatalf("%q, %v", got, err)
		}
	}
	c.send("0\r\n\r\n")
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// An instance that dies while it gets a body costs the client an answer, not its connection without one.
func TestInstanceDiesDuringUpload(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.CopyN(io.Discard, r, 100000)
		c.(*net.TCPConn).SetLinger(0)
	}).address())
	c := f.dial()
	c.send("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10000000\r\n\r\n")
	go io.Copy(c.Conn, zeros(10000000))
	res, _ := c.response("POST")
	wantStatus(t, res, 502)
	if n := f.counts().Failed; n != 1 {
		t.Errorf("%d failures counted", n)
	}
}

// A client that stops reading gives up its response, not the gateway.
func TestClientThatDoesNotRead(t *testing.T) {
	f := start(t, Options{Timeouts: Timeouts{Body: 200 * time.Millisecond}})
	ended := make(chan error, 1)
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(w, zeros(1<<30))
		ended <- err
	}))
	c := f.dial()
	c.send(get)
	if err := <-ended; err == nil {
		t.Error("the instance got rid of it all")
	}
	eventually(t, "the connection is forgotten", func() bool { return f.gateway.Totals().Connections == 0 })
	if n := f.counts().Failed; n != 0 {
		t.Errorf("%d failures counted", n)
	}
}

// Many bodies at once, of clients that break off and of clients that do not, are never mixed up.
func TestBodiesAreNotMixedUp(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		sum := sha256.New()
		if _, err := io.Copy(sum, r.Body); err == nil {
			fmt.Fprintf(w, "%x", sum.Sum(nil))
		}
	}))
	client := f.httpClient()
	var load sync.WaitGroup
	for worker := range 8 {
		load.Go(func() {
			for n := range 20 {
				text := repeat(fmt.Sprint(worker, n, "\n"), 10+n*worker*100)
				var reader io.Reader = strings.NewReader(text)
				if n%3 == 0 {
					reader = io.MultiReader(reader, broken{})
				}
				res, err := client.Post("http://app.test/", "", reader)
				if n%3 == 0 {
					closeBody(res)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				got, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if want := sumOf(sha256.New(), text); string(got) != want {
					t.Errorf("sum %s, want %s", got, want)
				}
			}
		})
	}
	load.Wait()
	runtime.GC()
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("broken off") }

func sumOf(h hash.Hash, text string) string {
	io.WriteString(h, text)
	return fmt.Sprintf("%x", h.Sum(nil))
}
