package gateway

import (
	"bytes"
	"strconv"
	"strings"
)

// PageKind says why a visitor gets a page of the gateway instead of the app's answer.
type PageKind string

const (
	PageUnknownHost PageKind = "unknown"     // 404: the domain leads nowhere
	PageStopped     PageKind = "stopped"     // 503: the app is stopped
	PageStarting    PageKind = "starting"    // 503: its first instance has not answered yet
	PageUnavailable PageKind = "unavailable" // 503: no instance is there
	PageFailed      PageKind = "failed"      // 502: no instance took the request, or it broke off before its answer
	PageTimeout     PageKind = "timeout"     // 504: the instance took too long
)

// PageFunc makes a page in a language, "en" or "zh-Hans". appName is the app's id, "" for an unknown host.
// A status of 0 takes that of the kind.
type PageFunc func(kind PageKind, lang, appName string) (status int, html []byte)

var pageStatus = map[PageKind]int{
	PageUnknownHost: 404, PageStopped: 503, PageStarting: 503, PageUnavailable: 503, PageFailed: 502, PageTimeout: 504,
}

// retryAfter is in seconds; 0 for kinds that do not end by themselves.
var retryAfter = map[PageKind]int{PageStarting: 5, PageUnavailable: 10}

func plainPage(kind PageKind, _, _ string) (int, []byte) {
	return 0, []byte(map[PageKind]string{
		PageUnknownHost: "Nothing is published at this address.",
		PageStopped:     "This app is stopped.",
		PageStarting:    "This app is starting. Try again in a moment.",
		PageUnavailable: "This app is not available right now. Try again in a moment.",
		PageFailed:      "This app did not answer.",
		PageTimeout:     "This app took too long to answer.",
	}[kind] + "\n")
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
