package image

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"berth/worker/outbound"
)

// What may be dialled is decided for every connection, those after a redirection included.
func TestNetworkFollowsNoRedirectionInside(t *testing.T) {
	inside := httptest.NewTLSServer(http.NotFoundHandler())
	defer inside.Close()
	target := strings.Replace(inside.URL, "127.0.0.1", "127.0.0.2", 1)
	outside := httptest.NewServer(http.RedirectHandler(target, http.StatusTemporaryRedirect))
	defer outside.Close()
	s := &Store{opts: Options{Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}}
	client := &http.Client{Transport: s.network(false)}
	if _, err := client.Get(outside.URL); !errors.Is(err, outbound.ErrForbidden) {
		t.Errorf("followed: %v", err)
	}
	for _, plain := range []string{"http://192.0.2.1/", "http://8.8.8.8/"} { // public, but not over TLS
		if _, err := client.Get(plain); !errors.Is(err, outbound.ErrForbidden) {
			t.Errorf("%s: %v", plain, err)
		}
	}
}
