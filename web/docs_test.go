package web

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// curls are the commands in a document, each on one line.
func curls(t *testing.T, name string) []string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "\\\n", " ")
	return regexp.MustCompile(`(?m)^curl (?:'[^']*'|[^'\n])*`).FindAllString(text, -1)
}

var (
	curlAddress = regexp.MustCompile(`\$api(/[^\s"]*)`)
	curlMethod  = regexp.MustCompile(` -X ([A-Z]+)`)
	curlBody    = regexp.MustCompile(` -d '([^']*)'`)
)

// TestWhatTheDocumentsSendIsDescribed checks every command of the documents against the description of the API: its
// address, its parameters and its body.
func TestWhatTheDocumentsSendIsDescribed(t *testing.T) {
	d, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob("../docs/*.md")
	checked := 0
	for _, name := range names {
		for _, command := range curls(t, name) {
			address := curlAddress.FindStringSubmatch(command)
			if address == nil || strings.Contains(command, "--data-binary") || strings.Contains(command, "@-") {
				continue
			}
			checked++
			method, body := http.MethodGet, ""
			if b := curlBody.FindStringSubmatch(command); b != nil {
				method, body = http.MethodPost, b[1]
			}
			if m := curlMethod.FindStringSubmatch(command); m != nil {
				method = m[1]
			}
			if err := d.accepts(method, address[1], body); err != nil {
				t.Errorf("%s: %s\n%v", filepath.Base(name), command, err)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d commands were found", checked)
	}
}

// accepts checks a request against the description.
func (d description) accepts(method, address, body string) error {
	r, err := http.NewRequest(method, "/api/v1"+address, strings.NewReader(body))
	if err != nil {
		return err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(context.Background(), &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}})
}
