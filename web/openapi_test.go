package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/labstack/echo/v4"

	"berth/handlers"
)

// description is the API's own, as tests check answers against it.
type description struct {
	doc    *openapi3.T
	router routers.Router
}

var readDescription = sync.OnceValues(func() (description, error) {
	data, err := os.ReadFile("../handlers/openapi.yaml")
	if err != nil {
		return description{}, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return description{}, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return description{}, err
	}
	router, err := gorillamux.NewRouter(doc)
	return description{doc, router}, err
})

// describes fails the test when an answer of the API is not as the description says.
func describes(t *testing.T, method, path string, a answer) {
	t.Helper()
	d, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	r := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{}}
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		return // an address that does not exist
	}
	openapi3filter.RegisterBodyDecoder("application/jsonl", openapi3filter.PlainBodyDecoder)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 a.status, Header: a.header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	input.SetBodyBytes([]byte(a.body))
	if err := openapi3filter.ValidateResponse(context.Background(), input); err != nil {
		t.Errorf("%s %s answers %d as the description does not say: %v\n%s", method, path, a.status, err, a.body)
	}
}

func TestDescriptionIsServed(t *testing.T) {
	p := newPortal(t, newFake(), nil)
	got := p.ask(nil, http.MethodGet, "/api/v1/openapi.yaml", "")
	want, _ := os.ReadFile("../handlers/openapi.yaml")
	if got.status != http.StatusOK || got.body != string(want) {
		t.Errorf("%d, %d bytes", got.status, len(got.body))
	}
}

func TestDescriptionNamesEveryRoute(t *testing.T) {
	d, err := readDescription()
	if err != nil {
		t.Fatal(err)
	}
	e := echo.New()
	(&handlers.Handlers{}).API(e.Group("/api/v1"))
	param := regexp.MustCompile(`:([a-z]+)`)
	var served []string
	for _, route := range e.Routes() {
		path := strings.TrimPrefix(route.Path, "/api/v1")
		if route.Method != echo.RouteNotFound {
			served = append(served, route.Method+" "+param.ReplaceAllString(path, "{$1}"))
		}
	}
	var described []string
	for path, item := range d.doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, fmt.Sprintf("%s %s", method, path))
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served:\n%s\ndescribed:\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}
