package static

import (
	"net/http/httptest"
	"regexp"
	"testing"
)

func TestPathServesItsFileForEver(t *testing.T) {
	f := New()
	address := f.Path("app.css")
	if !regexp.MustCompile(`^/static/app\.[0-9a-f]{12}\.css$`).MatchString(address) {
		t.Fatalf("Path = %q", address)
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/css; charset=utf-8" || w.Body.Len() < 5000 {
		t.Fatalf("GET %s: %d, %s, %d bytes", address, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
	}
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Fatalf("Cache-Control = %q", got)
	}
}

func TestUnknownAddressIsNotFound(t *testing.T) {
	for _, address := range []string{"/static/app.css", "/static/", "/static/../static.go", "/static/vendor/htmx.LICENSE"} {
		w := httptest.NewRecorder()
		New().ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		if w.Code != 404 {
			t.Errorf("GET %s: %d, want 404", address, w.Code)
		}
	}
}
