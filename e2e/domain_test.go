package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// world is what a Berth needs of the world to have domains: its DNS, and an authority that issues certificates.
type world struct {
	*testenv.Zone
	*testenv.Pebble
	https string // where the gateway listens for it
}

// withDomains gives a Berth HTTPS, and a world of the test's own to get names and certificates from.
func withDomains(t testing.TB) (*world, option) {
	t.Helper()
	w := &world{Zone: testenv.StartZone(t), https: testenv.FreeAddress(t)}
	return w, func(b *Berth) {
		gateway, err := url.Parse(b.Gateway)
		if err != nil {
			t.Fatal(err)
		}
		port, _ := strconv.Atoi(gateway.Port())
		w.Pebble = testenv.StartPebble(t, w.Zone, port)
		b.args = append(b.args, "--gateway-https", w.https, "--dns-servers", w.Zone.Address,
			"--acme-directory", w.Directory, "--acme-ca-root", w.CARoot)
	}
}

// visit opens an address whose name the world's DNS leads here. Of HTTPS the certificate has to be one that the
// authority issued for that name.
func (w *world) visit(address string) (status int, body string, secure *tls.ConnectionState, err error) {
	here := func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: here,
		TLSClientConfig: &tls.Config{RootCAs: w.Roots}}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(address)
	if err != nil {
		return 0, "", nil, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if location := res.Header.Get("Location"); location != "" {
		text = []byte(location)
	}
	return res.StatusCode, string(text), res.TLS, err
}

// getFrom is get with an address of this machine that the request comes from.
func (b *Berth) getFrom(source, app, path string) (int, error) {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	req, err := http.NewRequest("GET", b.Gateway+path, nil)
	if err != nil {
		return 0, err
	}
	req.Host = app + "." + b.Domain
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}

// answersTo waits until a request from an address of this machine gets a status.
func (b *Berth) answersTo(source, app string, want int) {
	b.t.Helper()
	b.eventually(time.Minute, func() error {
		status, err := b.getFrom(source, app, "/")
		if err == nil && status != want {
			err = fmt.Errorf("%d for %s, want %d", status, source, want)
		}
		return err
	})
}
