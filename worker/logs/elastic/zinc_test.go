package elastic

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// zincServer is the URL of a ZincSearch, the one server of this kind that builds from Go's modules. What it has is
// asked as it is: documents in bulk, and questions of all sorts.
var zincServer = flag.String("zinc", "", "the URL of a ZincSearch that the suite is to be run against")

// zinc stands before a ZincSearch and does for it what an Elasticsearch does and it does not: it knows no date with
// nanoseconds and no type for wildcards, no sign that
// takes the meaning from a wildcard; it refreshes after a while, and deletes ten documents of one index.
type zinc struct {
	http.Handler
	url string
}

func startZinc(t *testing.T) string {
	to, err := url.Parse(*zincServer)
	if err != nil {
		t.Fatal(err)
	}
	z := &zinc{url: strings.TrimSuffix(*zincServer, "/")}
	z.Handler = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.URL.Path = "/es" + r.In.URL.Path
		password, _ := to.User.Password()
		r.Out.SetBasicAuth(to.User.Username(), password)
	}}
	s := httptest.NewServer(z)
	t.Cleanup(s.Close)
	return s.URL
}

func (z *zinc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, act, _ := strings.Cut(r.URL.Path[1:], "/")
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == http.MethodPut:
		for theirs, its := range map[string]string{"wildcard": "keyword", "integer": "numeric", "boolean": "bool",
			"date_nanos": `date","format":"2006-01-02T15:04:05.999999999Z07:00`} {
			body = bytes.ReplaceAll(body, []byte(`"type":"`+theirs+`"`), []byte(`"type":"`+its+`"`))
		}
	case strings.HasPrefix(act, "_mapping/"): // it names no types of single fields
		fmt.Fprint(w, "{}")
		return
	case act == "_search":
		body = plainWildcards(body)
	case act == "_refresh": // it has no way to wait for what it was given
		time.Sleep(300 * time.Millisecond)
		fmt.Fprint(w, "{}")
		return
	case act == "_delete_by_query":
		body = bytes.Replace(body, []byte("{"), []byte(`{"size":10000,`), 1)
		z.each(w, act, body)
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	z.Handler.ServeHTTP(w, r)
}

// plainWildcards writes the wildcards of a question without what takes their meaning from them.
func plainWildcards(body []byte) []byte {
	return wildcards.ReplaceAllFunc(body, func(found []byte) []byte {
		var of struct{ Value string }
		if err := json.Unmarshal(found, &of); err != nil {
			return found
		}
		of.Value = strings.NewReplacer(`\\`, `\`, `\*`, "?", `\?`, "?").Replace(of.Value)
		plain, _ := json.Marshal(map[string]string{"value": of.Value})
		return plain
	})
}

var wildcards = regexp.MustCompile(`\{"value":"\*(?:[^"\\]|\\.)*"\}`)

// each has something done in every index.
func (z *zinc) each(w http.ResponseWriter, act string, body []byte) {
	res, err := http.Get(z.url + "/api/index_name")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	var names []string
	if err := json.NewDecoder(res.Body).Decode(&names); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	for _, name := range names {
		res, err := http.Post(z.url+"/es/"+name+"/"+act, "application/json", bytes.NewReader(body))
		if err != nil || res.StatusCode >= 300 {
			http.Error(w, fmt.Sprint(name, err), http.StatusBadGateway)
			return
		}
		res.Body.Close()
	}
	fmt.Fprint(w, "{}")
}
