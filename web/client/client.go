// Package client is the Go client of Berth's API (handlers/openapi.yaml): one method a call, typed answers that keep
// the JSON they were read from, and one type of error.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client asks one Berth on behalf of the owner of a token. It is safe for use by several goroutines.
type Client struct {
	base  *url.URL
	token string
	agent string
	http  *http.Client
}

// The times of a connection. A whole answer has none: an upload and what comes of it last as long as they do.
const (
	dialTimeout   = 10 * time.Second
	expectTimeout = 5 * time.Second // for the go-ahead to an upload, so that a refusal comes before its body goes
	maxAnswer     = 64 << 20
)

// New returns a client of the Berth at address ("https://berth.example.com"). agent names the program to the server.
func New(address, token, agent string) (*Client, error) {
	base, err := ParseAddress(address)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		TLSHandshakeTimeout:   dialTimeout,
		ExpectContinueTimeout: expectTimeout,
		IdleConnTimeout:       time.Minute,
		MaxIdleConnsPerHost:   4,
	}
	return &Client{base: base, token: token, agent: agent, http: &http.Client{Transport: transport, CheckRedirect: refuseRedirect}}, nil
}

// ParseAddress checks the address of a Berth: http or https, a host, no more than a path.
func ParseAddress(address string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(strings.TrimSpace(address), "/"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q is not the address of a Berth; write it like https://berth.example.com", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the address of a Berth has no user, no ? and no #; write it like https://berth.example.com")
	}
	return u, nil
}

// Address returns the address of the Berth that c asks.
func (c *Client) Address() string { return c.base.String() }

// refuseRedirect keeps the token where it was meant to go.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Answer is what the API answered.
type Answer[T any] struct {
	Value T
	JSON  json.RawMessage // as it came
}

// ask sends a request with a JSON body, or none when body is nil, and reads the answer.
func ask[T any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (Answer[T], error) {
	var reader io.Reader
	kind := ""
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return Answer[T]{}, err
		}
		reader, kind = bytes.NewReader(data), "application/json"
	}
	req, err := c.request(ctx, method, path, query, reader)
	if err != nil {
		return Answer[T]{}, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return send[T](c, req)
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body io.Reader) (*http.Request, error) {
	u := *c.base
	u.RawPath = ""
	full := c.base.EscapedPath() + "/api/v1" + path
	unescaped, err := url.PathUnescape(full)
	if err != nil {
		return nil, err
	}
	u.Path, u.RawPath, u.RawQuery = unescaped, full, query.Encode()
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	c.sign(req.Header)
	return req, nil
}

func (c *Client) sign(h http.Header) {
	h.Set("Authorization", "Bearer "+c.token)
	h.Set("Accept", "application/json")
	h.Set("Accept-Language", "en") // as everything else that the program says
	h.Set("User-Agent", c.agent)
}

func send[T any](c *Client, req *http.Request) (Answer[T], error) {
	res, err := c.http.Do(req)
	if err != nil {
		return Answer[T]{}, c.unreachable(req.Context(), err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return Answer[T]{}, c.unreachable(req.Context(), err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return Answer[T]{}, c.problem(res, data)
	}
	a := Answer[T]{JSON: bytes.TrimSpace(data)}
	if len(a.JSON) == 0 {
		return a, nil
	}
	if err := json.Unmarshal(data, &a.Value); err != nil {
		return a, c.notBerth(res)
	}
	return a, nil
}

// segment writes a name as one part of a path.
func segment(name string) string {
	if name == "." || name == ".." { // which a proxy would resolve
		return strings.ReplaceAll(name, ".", "%2E")
	}
	return url.PathEscape(name)
}
