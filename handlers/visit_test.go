package handlers

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"berth/views/i18n"
)

// Times are worded in the zone that the page wrote into its cookie, escaped as a page escapes it or not, and in the
// machine's when it names none.
func TestTimesAreOfTheBrowsersZone(t *testing.T) {
	messages, err := i18n.Load()
	if err != nil {
		t.Fatal(err)
	}
	h := &Handlers{Messages: messages}
	for value, want := range map[string]string{"Europe%2FBerlin": "Europe/Berlin", "Europe/Berlin": "Europe/Berlin", "UTC": "UTC",
		"": "Local", "..%2F..%2Fetc%2Fpasswd": "Local", "%zz": "Local", "Nowhere%2FElse": "Local"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", CookieZone+"="+value)
		if got := h.Localizer(r).Zone().String(); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
}
