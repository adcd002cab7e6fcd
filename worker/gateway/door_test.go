package gateway

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"berth/core"
)

func userNamed(t testing.TB, name, password string) core.BasicUser {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return core.BasicUser{Name: name, Hash: string(hash)}
}

func basic(name, password string) string {
	return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password)) + "\r\n"
}

func TestDoorAsksForAName(t *testing.T) {
	f := obeying(t, core.Rules{Auth: []core.BasicUser{userNamed(t, "ann", "a:b c"), userNamed(t, "bob", "geheim")}}, told(t))
	ask := func(line string) (*http.Response, string) {
		return f.ask("GET / HTTP/1.1\r\nHost: app.test\r\n" + line + "\r\n")
	}
	for _, line := range []string{"", basic("ann", "geheim"), basic("bob", ""), basic("", ""), basic("eve", "geheim"),
		"Authorization: Bearer x\r\n", "Authorization: Basic !!!\r\n", "Authorization: Basic YW5u\r\n", "Authorization: Basic " + repeat("YW5u", 100) + "\r\n"} {
		res, _ := ask(line)
		wantStatus(t, res, 401)
		if asks := res.Header.Get("WWW-Authenticate"); asks != `Basic realm="app", charset="UTF-8"` {
			t.Errorf("it asks %q", asks)
		}
	}
	for range 2 {
		res, got := ask(basic("ann", "a:b c"))
		wantStatus(t, res, 200)
		if strings.Contains(got, "Authorization") {
			t.Errorf("the instance gets %s", got)
		}
	}
	res, _ := ask("authorization: basic " + basic("bob", "geheim")[len("Authorization: Basic "):])
	wantStatus(t, res, 200)
	// Upgrades pass the same door.
	res, _ = ask("Connection: Upgrade\r\nUpgrade: websocket\r\n")
	wantStatus(t, res, 401)
}

func TestWrongPasswordsAreLimited(t *testing.T) {
	f := obeying(t, core.Rules{Auth: []core.BasicUser{userNamed(t, "ann", "right")}}, told(t))
	known := func() int {
		res, _ := f.ask("GET / HTTP/1.1\r\nHost: app.test\r\n" + basic("ann", "right") + "\r\n")
		return res.StatusCode
	}
	if status := known(); status != 200 {
		t.Fatalf("status %d", status)
	}
	statuses := map[int]int{}
	for range maxWrong + 5 {
		res, _ := f.ask("GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 192.0.2.9\r\n" + basic("ann", "wrong") + "\r\n")
		statuses[res.StatusCode]++
	}
	if statuses[401] != maxWrong || statuses[429] != 5 {
		t.Errorf("answers: %v", statuses)
	}
	if status := known(); status != 200 {
		t.Errorf("who was let in before gets %d", status)
	}
	// Other rules do not make it forget.
	f.rule(core.Rules{Auth: f.gateway.table.find([]byte("app.test")).rules.door.users, MaxBody: 1})
	if status := known(); status != 200 {
		t.Errorf("who was let in before gets %d", status)
	}
}

// A page loads many things at once, before the first pair is known to be right.
func TestRightPasswordsAtOnceAreNotLimited(t *testing.T) {
	f := obeying(t, core.Rules{Auth: []core.BasicUser{userNamed(t, "ann", "right")}}, told(t))
	var failed atomic.Int64
	var clients sync.WaitGroup
	client := f.httpClient()
	for range 40 {
		clients.Go(func() {
			request, _ := http.NewRequest("GET", "http://app.test/", nil)
			request.SetBasicAuth("ann", "right")
			res, err := client.Do(request)
			if err != nil || res.StatusCode != 200 {
				failed.Add(1)
			}
			if res != nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
	}
	clients.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of 40 are refused", failed.Load())
	}
}

func TestKnownPairCostsNothing(t *testing.T) {
	tb := newTable()
	d := newDoor([]core.BasicUser{userNamed(t, "ann", "right")}, "app", tb.comparing, nil)
	field := []byte(strings.TrimSpace(basic("ann", "right")[len("Authorization: "):]))
	if page, _ := d.ask(field, &question{client: somebody, now: time0}); page != "" {
		t.Fatalf("page %q", page)
	}
	if n := testing.AllocsPerRun(100, func() { d.ask(field, &question{client: somebody, now: time0}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkKnownPair(b *testing.B) {
	d := newDoor([]core.BasicUser{userNamed(b, "ann", "right")}, "app", newTable().comparing, nil)
	field := []byte(strings.TrimSpace(basic("ann", "right")[len("Authorization: "):]))
	d.ask(field, &question{client: somebody, now: time0})
	b.ReportAllocs()
	for b.Loop() {
		d.ask(field, &question{client: somebody, now: time0})
	}
}
