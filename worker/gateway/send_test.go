package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// dying reads one request, whole, and goes away without an answer.
func dying(reset bool, heard *atomic.Int64) func(net.Conn, *bufio.Reader) {
	return func(c net.Conn, r *bufio.Reader) {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		heard.Add(1)
		if reset {
			c.(*net.TCPConn).SetLinger(0)
		}
	}
}

// A GET or HEAD whose instance dies before it answers is tried once more elsewhere; nothing else that was sent is.
func TestRequestWhoseInstanceDies(t *testing.T) {
	for _, reset := range []bool{false, true} {
		for request, again := range map[string]bool{
			"GET / HTTP/1.1\r\nHost: app.test\r\n\r\n":                                         true,
			"HEAD / HTTP/1.1\r\nHost: app.test\r\n\r\n":                                        true,
			"GET / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\n\r\nx":                   false,
			"POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\n\r\nx":                  false,
			"POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n":                   false,
			"PUT / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\n\r\nx":                   false,
			"DELETE / HTTP/1.1\r\nHost: app.test\r\n\r\n":                                      false,
			"OPTIONS / HTTP/1.1\r\nHost: app.test\r\n\r\n":                                     false,
			"POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n": false,
		} {
			t.Run(strings.ReplaceAll(strings.TrimSuffix(request, "\r\n"), "\r\n", " "), func(t *testing.T) {
				f := start(t, Options{})
				var died, lived atomic.Int64
				f.app(tcpOrigin(t, dying(reset, &died)).address())
				f.publish("app", "1", server(t, func(http.ResponseWriter, *http.Request) { lived.Add(1) }))
				for range 6 {
					res, _ := f.ask(request)
					if again && res.StatusCode != 200 || res.StatusCode != 200 && res.StatusCode != 502 {
						t.Errorf("status %d", res.StatusCode)
					}
				}
				if again && lived.Load() != 6 || !again && (died.Load() != 3 || lived.Load() != 3) {
					t.Errorf("%d died, %d lived", died.Load(), lived.Load())
				}
			})
		}
	}
}

// Once more means once: two dying instances do not see a request three times.
func TestRequestIsSentTwiceAtMost(t *testing.T) {
	f := start(t, Options{})
	var died atomic.Int64
	for range 4 {
		f.app(tcpOrigin(t, dying(true, &died)).address())
	}
	res, _ := f.ask(get)
	wantStatus(t, res, 502)
	if n := died.Load(); n != 2 {
		t.Errorf("sent %d times, want 2", n)
	}
	if c := f.counts(); c.Requests != 1 || c.Failed != 1 {
		t.Errorf("counted %+v", c)
	}
}

// A response that has begun is never begun again.
func TestRequestIsNotRepeatedAfterTheFirstByte(t *testing.T) {
	f := start(t, Options{})
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.1 2")
	})
	f.app(o.address())
	f.publish("app", "1", tcpOrigin(t, always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).address())
	statuses := map[int]int{}
	for range 4 {
		res, _ := f.ask(get)
		statuses[res.StatusCode]++
	}
	if statuses[502] != 2 || o.connections.Load() != 2 {
		t.Errorf("%v, %d connections", statuses, o.connections.Load())
	}
}

// An instance that refuses connections costs no request, whatever its method, and is left alone for a while.
func TestRefusedConnectionGoesElsewhere(t *testing.T) {
	f := start(t, Options{})
	gone := listen(t)
	gone.Close()
	f.app(gone.Addr().String(), server(t, func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		w.Write(content)
	}))
	for range 5 {
		for _, text := range []string{
			get,
			"POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 5\r\n\r\nhello",
			"POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		} {
			if res, content := f.ask(text); res.StatusCode != 200 || text != get && content != "hello" {
				t.Errorf("%d %q", res.StatusCode, content)
			}
		}
	}
	for _, i := range f.gateway.table.app("app").instances.Load().all.list {
		if out := i.out(time.Now().UnixNano()); out != (i.Address.Address == gone.Addr().String()) {
			t.Errorf("%s is out: %v", i.Address.Address, out)
		}
	}
	if c := f.counts(); c.Requests != 15 || c.Failed != 0 {
		t.Errorf("counted %+v", c)
	}
}

// The only instance is asked even while it is out: it may be back.
func TestOnlyInstanceIsAskedAgain(t *testing.T) {
	f := start(t, Options{})
	l := listen(t)
	address := l.Addr().String()
	l.Close()
	f.app(address)
	res, _ := f.ask(get)
	wantStatus(t, res, 502)
	back, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go s.Serve(back)
	t.Cleanup(func() { s.Close() })
	res, _ = f.ask(get)
	wantStatus(t, res, 200)
}

// A connection that the instance has closed while it rested costs nobody a request.
func TestStaleConnection(t *testing.T) {
	for _, method := range []string{"GET", "POST", "DELETE"} {
		t.Run(method, func(t *testing.T) {
			f := start(t, Options{})
			close1 := make(chan bool)
			o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
				readHeadText(r)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				<-close1
			})
			f.app(o.address())
			c := f.dial()
			for n := int64(1); n <= 4; n++ {
				c.send(method + " / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n")
				res, _ := c.response(method)
				wantStatus(t, res, 200)
				if o.connections.Load() != n {
					t.Fatalf("%d connections, want %d", o.connections.Load(), n)
				}
				close1 <- true
				f.awaitRested("the end of the connection is there")
			}
		})
	}
}

// awaitRested waits until something has come on the one resting connection of the one instance.
func (f *fixture) awaitRested(what string) (up *upstream) {
	f.t.Helper()
	i := f.gateway.table.app("app").instances.Load().all.list[0]
	eventually(f.t, what, func() bool {
		i.mu.Lock()
		defer i.mu.Unlock()
		if resting := i.resting(); len(resting) > 0 {
			up = resting[0]
		}
		return up != nil && !up.fresh()
	})
	return up
}

// An instance whose connection was stale is asked again when all others refuse.
func TestStaleConnectionAmongDeadInstances(t *testing.T) {
	f := start(t, Options{})
	next := make(chan bool)
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		<-next
	})
	f.app(o.address())
	c := f.dial()
	c.send(get)
	c.response("GET")
	next <- true
	f.awaitRested("the end of the connection is there")
	dead := listen(t)
	dead.Close()
	f.publish("app", "1", dead.Addr().String())
	c.send(get)
	res, _ := c.response("GET")
	wantStatus(t, res, 200)
	next <- true
}

// A response that nobody asked for is not taken for the answer to the next request.
func TestResponseNobodyAskedFor(t *testing.T) {
	f := start(t, Options{})
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		readHeadText(r)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
		time.Sleep(staleAfter / 10)
		io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
		readHeadText(r)
	})
	f.app(o.address())
	c := f.dial()
	for range 2 {
		c.send(get)
		res, content := c.response("GET")
		if res.StatusCode != 200 || content != "ok" {
			t.Fatalf("%d %q", res.StatusCode, content)
		}
		up := f.awaitRested("the other response is there")
		time.Sleep(time.Until(up.since.Add(staleAfter)))
	}
	if n := o.connections.Load(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

// F14: one of two instances is killed again and again under load: no GET fails, and no POST is seen twice.
func TestInstanceKilledUnderLoad(t *testing.T) {
	f := start(t, Options{})
	var mu sync.Mutex
	seen := map[string]int{}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			mu.Lock()
			seen[r.URL.Path]++
			mu.Unlock()
		}
		time.Sleep(time.Millisecond)
		io.WriteString(w, "ok")
	})
	f.app(server(t, h))
	l := listen(t)
	address := l.Addr().String()
	f.publish("app", "1", address)
	stop := make(chan struct{})
	var load sync.WaitGroup
	var gets, failedGets, posts, failedPosts atomic.Int64
	client := f.httpClient()
	for worker := range 8 {
		load.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if worker%4 == 0 {
					path := fmt.Sprintf("/%d-%d", worker, n)
					res, err := client.Post("http://app.test"+path, "text/plain", strings.NewReader("x"))
					posts.Add(1)
					if err != nil || res.StatusCode != 200 {
						failedPosts.Add(1)
					}
					closeBody(res)
					continue
				}
				res, err := client.Get("http://app.test/")
				gets.Add(1)
				if err != nil || res.StatusCode != 200 {
					failedGets.Add(1)
				}
				closeBody(res)
			}
		})
	}
	for range 10 {
		s := &http.Server{Handler: h}
		go s.Serve(l)
		before := gets.Load()
		eventually(t, "requests are answered", func() bool { return gets.Load() > before+100 })
		s.Close() // with all its connections, whatever they do
		before = gets.Load()
		eventually(t, "requests are answered", func() bool { return gets.Load() > before+100 })
		var err error
		if l, err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
		for _, i := range f.gateway.table.app("app").instances.Load().all.list {
			i.outUntil.Store(0)
		}
	}
	l.Close()
	close(stop)
	load.Wait()
	t.Logf("%d GET, %d failed; %d POST, %d failed", gets.Load(), failedGets.Load(), posts.Load(), failedPosts.Load())
	if failedGets.Load() > 0 {
		t.Errorf("%d of %d GETs failed", failedGets.Load(), gets.Load())
	}
	for path, n := range seen {
		if n > 1 {
			t.Errorf("POST %s was seen %d times", path, n)
		}
	}
}

func closeBody(res *http.Response) {
	if res != nil {
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

// Clients that break off in every phase do not get an instance out, nor its connections mixed up.
func TestClientsThatBreakOff(t *testing.T) {
	f := start(t, Options{})
	f.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, repeat(r.URL.Path, 1000))
	}))
	text := "POST /abc HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10000\r\n\r\n" + repeat("x", 10000)
	var breaks sync.WaitGroup
	for n := 0; n < len(text); n += 97 {
		breaks.Go(func() {
			c, err := net.Dial("tcp", f.address)
			if err != nil {
				t.Error(err)
				return
			}
			io.WriteString(c, text[:n])
			if n%2 == 0 {
				c.(*net.TCPConn).SetLinger(0)
			}
			c.Close()
		})
	}
	for range 50 {
		if res, content := f.ask(get); res.StatusCode != 200 || content != repeat("/", 1000) {
			t.Fatalf("%d %q", res.StatusCode, content)
		}
	}
	breaks.Wait()
	eventually(t, "all connections are forgotten", func() bool { return f.gateway.Totals().Connections == 0 })
	if c := f.counts(); c.Failed != 0 {
		t.Errorf("%d failures counted", c.Failed)
	}
	for _, i := range f.gateway.table.app("app").instances.Load().all.list {
		if i.outUntil.Load() != 0 {
			t.Error("the instance is out")
		}
	}
}
