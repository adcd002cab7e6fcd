package profile

import "strings"

// product is a word in what a browser calls itself, and what people call that.
type product struct{ word, name string }

// browsers and systems are looked for in this order: most call themselves by the names of others too.
var (
	browsers = []product{{"Edg/", "Edge"}, {"EdgiOS/", "Edge"}, {"EdgA/", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"SamsungBrowser/", "Samsung Internet"},
		{"MicroMessenger/", "WeChat"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chromium/", "Chromium"},
		{"Chrome/", "Chrome"}, {"Version/", "Safari"}, {"curl/", "curl"}, {"Go-http-client/", "Go"}}
	systems = []product{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"},
		{"Mac OS X", "macOS"}, {"Macintosh", "macOS"}, {"Linux", "Linux"}, {"FreeBSD", "FreeBSD"}}
)

// agent says in words what a browser calls itself; "" for what is not known.
func agent(text string) (browser, system string) {
	if strings.Contains(text, "Version/") && !strings.Contains(text, "Safari/") {
		text = strings.ReplaceAll(text, "Version/", "")
	}
	return first(browsers, text), first(systems, text)
}

func first(products []product, text string) string {
	for _, p := range products {
		if strings.Contains(text, p.word) {
			return p.name
		}
	}
	return ""
}
