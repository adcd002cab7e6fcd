package image_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"berth/core"
)

// TestPushBeyondTheQuota: what says how large it is is refused before it is read, what does not is cut off, and the
// answer says why.
func TestPushBeyondTheQuota(t *testing.T) {
	g, host := serve(t, newStore(t))
	c := client{t, host, "alice"}
	g.left = 64 * core.KiB
	start := func() string {
		res, _ := c.expect(http.StatusAccepted, "POST", "/v2/shop/blobs/uploads/", nil)
		return strings.TrimPrefix(res.Header.Get("Location"), "http://"+host)
	}
	denied := func(body string) {
		t.Helper()
		if !strings.Contains(body, "DENIED") || !strings.Contains(body, "error.quota_images") {
			t.Error(body)
		}
	}
	large := bytes.Repeat([]byte("x"), 100*1024)
	_, body := c.expect(http.StatusRequestEntityTooLarge, "PATCH", start(), bytes.NewReader(large))
	denied(body)
	at := start()
	_, body = c.expect(http.StatusRequestEntityTooLarge, "PATCH", at, io.MultiReader(bytes.NewReader(large))) // of unknown length
	denied(body)
	c.expect(http.StatusNotFound, "GET", at, nil) // and nothing of it is kept
	at = start()
	c.expect(http.StatusAccepted, "PATCH", at, io.MultiReader(bytes.NewReader(large[:60*1024])))

	g.left = 1
	_, body = c.expect(http.StatusRequestEntityTooLarge, "POST", "/v2/shop/blobs/uploads/?digest=sha256:"+strings.Repeat("0", 64), bytes.NewReader(large))
	denied(body)
}
