package outbound_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"berth/worker/outbound"
)

func TestOnlyPublicAddressesAreDialled(t *testing.T) {
	server := httptest.NewServer(http.RedirectHandler("http://169.254.169.254/latest/meta-data", http.StatusFound))
	defer server.Close()
	guarded := outbound.Client(outbound.Guarded(nil), time.Minute)
	port := server.Listener.Addr().String()[len("127.0.0.1"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "192.168.0.1", "172.17.0.1",
		"169.254.169.254", "[fe80::1]", "[fd00::1]", "100.64.0.1", "[64:ff9b::7f00:1]", "2130706433"} {
		_, err := guarded.Get("http://" + host + port)
		if !errors.Is(err, outbound.ErrForbidden) && host != "2130706433" || err == nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	elsewhere := outbound.Client(outbound.Guarded([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}), time.Minute)
	if _, err := elsewhere.Get(server.URL); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("a network that is not allowed was reached: %v", err)
	}
	open := outbound.Client(outbound.Guarded([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}), time.Minute)
	res, err := open.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusFound {
		t.Errorf("the redirection was followed: %s", res.Status)
	}
}
