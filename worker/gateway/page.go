package gateway

import (
	"bytes"
	"html"
	"strconv"
	"strings"
)

// PageKind says why a visitor gets a page of the gateway instead of the app's answer.
type PageKind string

const (
	PageUnknownHost  PageKind = "unknown"      // 404: the domain leads nowhere
	PageStopped      PageKind = "stopped"      // 503: the app is stopped
	PageStarting     PageKind = "starting"     // 503: its first instance has not answered yet
	PageUnavailable  PageKind = "unavailable"  // 503: no instance is there
	PageFailed       PageKind = "failed"       // 502: no instance took the request, or it broke off before its answer
	PageTimeout      PageKind = "timeout"      // 504: the instance took too long
	PageForbidden    PageKind = "forbidden"    // 403: the rules keep this address out
	PageLimited      PageKind = "limited"      // 429: too many requests from this address
	PageUnauthorized PageKind = "unauthorized" // 401: a name and a password are asked for
	PageLarge        PageKind = "large"        // 413: the body is larger than the rules allow
	PageAmbiguous    PageKind = "ambiguous"    // 400: the path could mean one app or another
	PageMaintenance  PageKind = "maintenance"  // 503: its owner works on it
)

// PageFunc makes a page in a language, "en" or "zh-Hans". appName is the app's id, "" for an unknown host.
// text is what the app's owner says, as it was written, for PageMaintenance. A status of 0 takes that of the kind.
type PageFunc func(kind PageKind, lang, appName, text string) (status int, html []byte)

var pageStatus = map[PageKind]int{
	PageUnknownHost: 404, PageStopped: 503, PageStarting: 503, PageUnavailable: 503, PageFailed: 502, PageTimeout: 504,
	PageForbidden: 403, PageLimited: 429, PageMaintenance: 503,
	PageUnauthorized: 401, PageLarge: 413, PageAmbiguous: 400,
}

// retryAfter is in seconds; 0 for kinds that do not end by themselves.
var retryAfter = map[PageKind]int{PageStarting: 5, PageUnavailable: 10, PageMaintenance: 300}

func plainPage(kind PageKind, _, _, text string) (int, []byte) {
	if text != "" {
		text = html.EscapeString(text) + "\n"
	}
	return 0, []byte(map[PageKind]string{
		PageUnknownHost:  "Nothing is published at this address.",
		PageStopped:      "This app is stopped.",
		PageStarting:     "This app is starting. Try again in a moment.",
		PageUnavailable:  "This app is not available right now. Try again in a moment.",
		PageFailed:       "This app did not answer.",
		PageTimeout:      "This app took too long to answer.",
		PageForbidden:    "This app is not open to your address.",
		PageLimited:      "Too many requests came from your address. Try again in a moment.",
		PageUnauthorized: "This app asks for a name and a password.",
		PageLarge:        "This is larger than the app allows.",
		PageAmbiguous:    "This address can be read in two ways.",
		PageMaintenance:  "This app is being worked on.",
	}[kind] + "\n" + text)
}

// languageOf returns "zh-Hans" when the Accept-Language field prefers Chinese to English, else "en".
func languageOf(accept []byte) string {
	best, lang := 0.0, "en"
	if !bytes.Contains(accept, []byte("zh")) {
		return lang
	}
	for choice := range strings.SplitSeq(string(accept), ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(choice), ";")
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		quality := 1.0
		if q, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			quality, _ = strconv.ParseFloat(q, 64)
		}
		switch {
		case quality <= best:
		case primary == "zh":
			best, lang = quality, "zh-Hans"
		case primary == "en":
			best, lang = quality, "en"
		}
	}
	return lang
}
