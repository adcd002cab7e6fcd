package gateway

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// trickle is a body that comes in pieces, with a pause before each.
type trickle struct {
	piece string
	every time.Duration
	left  int
}

func (b *trickle) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	b.left--
	time.Sleep(b.every)
	return copy(p, b.piece), nil
}

// A body that comes a few bytes at a time, each in time, holds an instance for no longer than one that does not come.
func TestABodyThatTrickles(t *testing.T) {
	const limit = 300 * time.Millisecond
	s := startSecure(t, Options{Timeouts: Timeouts{Body: limit}}, "app.test")
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/talks" { // both ways at once
			http.NewResponseController(w).EnableFullDuplex()
			w.WriteHeader(200)
			http.NewResponseController(w).Flush()
		}
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
	}))
	for name, x := range map[string]struct {
		path  string
		body  trickle
		say   string
		after int // status
	}{
		"bytes one by one":     {"/", trickle{"x", limit / 15, 1 << 20}, "", 408},
		"enough at a time":     {"/", trickle{repeat("x", 100), limit / 15, 30}, "3000", 200},
		"while it is answered": {"/talks", trickle{"x", limit / 15, 30}, "30", 200},
	} {
		for protocol, c := range map[string]*http.Client{"http": s.httpClient(), "https": s.http2Client()} {
			body := x.body
			began := time.Now()
			res, err := c.Do(newRequest(t, "POST", protocol+"://app.test"+x.path, struct{ io.Reader }{&body}))
			if err != nil {
				t.Errorf("%s, %s: %v", name, protocol, err)
				continue
			}
			said, err := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != x.after || x.say != "" && strings.TrimSpace(string(said)) != x.say {
				t.Errorf("%s, %s: %d %q, %v, after %v", name, protocol, res.StatusCode, said, err, time.Since(began))
			}
		}
	}
	if n := s.gateway.Totals().Refused["slow"]; n != 2 {
		t.Errorf("%d are counted as slow", n)
	}
}

// A response over HTTP/2 that is silent for longer than a client may take to read goes on all the same.
func TestASilentStream(t *testing.T) {
	const limit = 100 * time.Millisecond
	s := startSecure(t, Options{Timeouts: Timeouts{Body: limit}}, "app.test")
	s.app(server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "first,")
		http.NewResponseController(w).Flush()
		time.Sleep(3 * limit)
		fmt.Fprint(w, "second")
	}))
	res, err := s.http2Client().Do(newRequest(t, "GET", "https://app.test/", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if said, err := io.ReadAll(res.Body); err != nil || string(said) != "first,second" {
		t.Errorf("%q, %v", said, err)
	}
}
