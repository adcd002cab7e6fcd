package gateway

import (
	"bufio"
	"net"
	"net/netip"
	"strings"
	"testing"
)

// received starts an origin that answers 200 and hands over the head of every request as it came.
func received(t *testing.T) (string, <-chan string) {
	heads := make(chan string, 16)
	o := tcpOrigin(t, func(c net.Conn, r *bufio.Reader) {
		for {
			head, err := readHeadText(r)
			if err != nil {
				return
			}
			heads <- head
			c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		}
	})
	return o.address(), heads
}

// Whatever a client says about where its request came from, the instance hears it from the gateway alone.
func TestOriginIsSaidByTheGateway(t *testing.T) {
	f := start(t, Options{})
	address, heads := received(t)
	f.app(address)
	for name, fields := range map[string]string{
		"forged":                  "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nForwarded: for=6.6.6.6\r\n",
		"other names":             "X-Real-IP: 6.6.6.6\r\nX-Forwarded-Port: 6666\r\nX-Forwarded: 6.6.6.6\r\nX-Client-IP: 6.6.6.6\r\nTrue-Client-IP: 6.6.6.6\r\nX-Forwarded-For-Original: 6.6.6.6\r\n",
		"underscores":             "X_Forwarded_For: 6.6.6.6\r\nX_FORWARDED_HOST: evil\r\nX-Forwarded_Proto: https\r\nX_Real_IP: 6.6.6.6\r\n",
		"upper case":              "X-FORWARDED-FOR: 6.6.6.6\r\nFORWARDED: for=6.6.6.6\r\n",
		"twice":                   "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.7\r\n",
		"named in Connection":     "Connection: X-Forwarded-For, Forwarded, X-Forwarded-Host, X-Forwarded-Proto\r\n",
		"Connection twice":        "Connection: close\r\nConnection: X-Forwarded-For\r\n",
		"framing in disguise":     "Transfer_Encoding: chunked\r\nContent_Length: 6666\r\nCONNECTION_: 6666\r\nTransfer_Encoding: 6.6.6.6\r\n",
		"a proxy for CGI":         "Proxy: http://6.6.6.6\r\nProxy-Authorization: 6.6.6.6\r\n",
		"hop by hop":              "Keep-Alive: 6.6.6.6\r\nTE: 6.6.6.6\r\nProxy-Connection: 6.6.6.6\r\nUpgrade: 6.6.6.6\r\nConnection: upgrade, x-mine\r\nX-Mine: 6.6.6.6\r\n",
		"an upgrade to HTTP/2":    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: 6666\r\n",
		"a smuggled Host":         "Host_: evil\r\nConnection: Host, Content-Length\r\n",
		"a name that is too long": "X-Forwarded-For" + repeat("-x", 50) + ": 6.6.6.6\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := *f
			f.t = t
			res, _ := f.ask("GET /a?b=%20 HTTP/1.1\r\nHost: App.Test:8000\r\n" + fields + "X-Kept: yes\r\n\r\n")
			wantStatus(t, res, 200)
			want := "GET /a?b=%20 HTTP/1.1\r\nHost: App.Test:8000\r\n" + keptOf(fields) + "X-Kept: yes\r\n" +
				"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: App.Test:8000\r\nX-Forwarded-Proto: http\r\n" +
				"Forwarded: for=127.0.0.1;host=\"App.Test:8000\";proto=http\r\n\r\n"
			if got := <-heads; got != want {
				t.Errorf("the instance got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// keptOf returns the fields that mean nothing and pass.
func keptOf(fields string) string {
	var kept strings.Builder
	for line := range strings.Lines(fields) {
		if strings.HasPrefix(line, "CONNECTION_:") || strings.HasPrefix(line, "Host_:") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestURLAsTargetBecomesAPath(t *testing.T) {
	f := start(t, Options{})
	address, heads := received(t)
	f.app(address)
	for target, want := range map[string]string{
		"http://app.test/a?b": "/a?b", "HTTP://APP.TEST": "/", "https://app.test?b": "/?b", "//app.test/a": "//app.test/a",
	} {
		f.ask("GET " + target + " HTTP/1.1\r\nHost: app.test\r\n\r\n")
		if head := <-heads; !strings.HasPrefix(head, "GET "+want+" HTTP/1.1\r\n") {
			t.Errorf("%s became %q", target, head)
		}
	}
}

func TestIPv6PeerIsQuoted(t *testing.T) {
	for address, want := range map[string]peer{
		"[::1]:80":            {netip.MustParseAddr("::1"), "::1", `"[::1]"`, "http"},
		"[fe80::1%eth0]:80":   {netip.MustParseAddr("fe80::1"), "fe80::1", `"[fe80::1]"`, "http"},
		"[::ffff:1.2.3.4]:80": {netip.MustParseAddr("1.2.3.4"), "1.2.3.4", "1.2.3.4", "http"},
		"1.2.3.4:80":          {netip.MustParseAddr("1.2.3.4"), "1.2.3.4", "1.2.3.4", "http"},
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := peerOf(a); got != want {
			t.Errorf("%s: %+v, want %+v", address, got, want)
		}
	}
}

// What an instance says about the connection ends at the gateway.
func TestResponseFieldsOfTheConnectionEnd(t *testing.T) {
	f := start(t, Options{})
	f.app(tcpOrigin(t, always("HTTP/1.1 200 Fine\r\nContent-Length: 2\r\nConnection: keep-alive, X-Hop\r\n"+
		"X-Hop: 1\r\nKeep-Alive: timeout=5\r\nUpgrade: h2c\r\nSet-Cookie: a\r\nX-Kept: b\r\nSet-Cookie: c\r\n\r\nok")).address())
	c := f.dial()
	c.send(get)
	head, err := readHeadText(c.Reader)
	if err != nil {
		t.Fatal(err)
	}
	want := "HTTP/1.1 200 Fine\r\nSet-Cookie: a\r\nX-Kept: b\r\nSet-Cookie: c\r\nContent-Length: 2\r\n\r\n"
	if head != want {
		t.Errorf("the client got\n%s\nwant\n%s", head, want)
	}
}
