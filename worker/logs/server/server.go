// Package server speaks HTTP with a log store.
package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"berth/core"
)

// Server is the log store at a URL. Make it with New.
type Server struct {
	base   string
	header http.Header // of every request
	client *http.Client
}

// Options are how a server is spoken to.
type Options struct {
	Key       string            // the scheme in which a password without a user is sent, such as Bearer
	Header    map[string]string // of every request
	Transport http.RoundTripper // default http.DefaultTransport
}

// Patience is how long the server may take for an answer, or be too busy for a request.
const Patience = 30 * time.Second

// New uses the server at a URL. The user and the password in it go into a header, and so into no error.
func New(address string, o Options) *Server {
	s := &Server{header: http.Header{"User-Agent": {"berth"}}, client: &http.Client{Timeout: Patience, Transport: o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	for name, value := range o.Header {
		s.header.Set(name, value)
	}
	u, err := url.Parse(address)
	if err != nil {
		u = &url.URL{} // the settings are checked before
	}
	if password, ok := u.User.Password(); ok && u.User.Username() == "" {
		s.header.Set("Authorization", o.Key+" "+password)
	} else if u.User != nil {
		r := http.Request{Header: s.header}
		r.SetBasicAuth(u.User.Username(), password)
	}
	u.User = nil
	s.base = strings.TrimSuffix(u.String(), "/")
	return s
}

// Ask returns the body of an answer that is a success. Errors: EUNAVAILABLE and EINSUFFICIENT, with a *Refusal as the
// cause when there was an answer; context.Canceled.
func (s *Server) Ask(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, values := range s.header {
		req.Header[name] = values
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, Away(err)
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	return nil, judge(&Refusal{Request: method + " " + req.URL.Path, Status: res.StatusCode, Text: string(bytes.TrimSpace(text))})
}

// Insist is Ask for what can wait while the server is too busy: it is asked again until its patience, or this one's, ends.
func (s *Server) Insist(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	for end, wait := time.Now().Add(Patience), 250*time.Millisecond; ; wait *= 2 {
		answer, err := s.Ask(ctx, method, path, kind, body)
		if r, ok := errors.AsType[*Refusal](err); !ok || r.Status != http.StatusTooManyRequests || time.Now().Add(wait).After(end) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// Refusal is an answer that is no success.
type Refusal struct {
	Request string
	Status  int
	Text    string // what the server says to it
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", r.Request, r.Status, http.StatusText(r.Status), r.Text)
}

func judge(r *Refusal) error {
	switch r.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return core.Wrap(r, core.EUNAVAILABLE, "error.log_store_denied")
	case http.StatusTooManyRequests:
		return core.Wrap(r, core.EUNAVAILABLE, "error.log_store_busy")
	case http.StatusInsufficientStorage:
		return Full(r)
	}
	return Away(r)
}

// Away says that a server does not answer as it should.
func Away(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return core.Wrap(err, core.EUNAVAILABLE, "error.log_store_away")
}

// Odd says that an answer is not understood.
func Odd(err error) error { return core.Wrap(err, core.EUNAVAILABLE, "error.log_store_odd") }

// Full says that a server has no room.
func Full(err error) error { return core.Wrap(err, core.EINSUFFICIENT, "error.log_store_full") }
