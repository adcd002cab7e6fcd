// Package remote keeps measurements in a server that speaks Prometheus' protocols: its remote write for what is
// measured, its queries for what is asked.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"berth/core"
)

var _ core.MetricStore = (*Store)(nil)

// Options say which server to use.
type Options struct {
	URL      string // its root, such as http://prometheus:9090
	User     string // "" with a Password sends that as a bearer token
	Password string
}

// Store is core.MetricStore. Make it with New.
type Store struct {
	Options
	client http.Client
	asking http.Client           // has more time: a month of many series at once takes the server a while
	fault  atomic.Pointer[error] // of the last append
}

const (
	patience       = core.MetricEvery * 4 / 5 // that the server may take: less than the time between two measurements
	patienceToRead = 30 * time.Second
)

// New returns a Store. It connects to nothing yet.
func New(o Options) *Store {
	o.URL = strings.TrimSuffix(o.URL, "/")
	return &Store{Options: o, client: http.Client{Timeout: patience}, asking: http.Client{Timeout: patienceToRead}}
}

// Fault implements core.MetricStore.
func (s *Store) Fault() error {
	if err := s.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Close implements core.MetricStore.
func (s *Store) Close() error {
	s.client.CloseIdleConnections()
	s.asking.CloseIdleConnections()
	return nil
}

// Forget implements core.MetricStore. Many servers do not let series be deleted: these end by the server's own
// retention, and nobody is shown them, for what is asked names the tenant and the time since which there is the app.
func (s *Store) Forget(ctx context.Context, appID string) error {
	form := url.Values{"match[]": {fmt.Sprintf(`{__name__=~"%s.+",%s=%q}`, prefix, labelApp, appID)}}
	if body, err := s.call(ctx, &s.client, "/api/v1/admin/tsdb/delete_series?"+form.Encode(), nil, nil); err == nil {
		body.Close()
	}
	return nil
}

// call asks the server. Errors: EUNAVAILABLE.
func (s *Store) call(ctx context.Context, client *http.Client, path string, body io.Reader, header map[string]string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, body)
	if err != nil {
		return nil, core.Wrap(err, core.EUNAVAILABLE, "error.metrics_unavailable")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	switch {
	case s.User != "":
		r.SetBasicAuth(s.User, s.Password)
	case s.Password != "":
		r.Header.Set("Authorization", "Bearer "+s.Password)
	}
	res, err := client.Do(r)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, core.Wrap(err, core.EUNAVAILABLE, "error.metrics_unavailable")
	}
	if res.StatusCode/100 != 2 {
		defer res.Body.Close()
		said, _ := io.ReadAll(io.LimitReader(res.Body, 300))
		err := fmt.Errorf("%s answered %s: %s", path, res.Status, strings.TrimSpace(string(said)))
		return nil, core.Wrap(err, core.EUNAVAILABLE, "error.metrics_refused", "status", res.Status)
	}
	return res.Body, nil
}

// The names of series and of their labels.
const (
	prefix        = "berth_"
	labelTenant   = "tenant"
	labelApp      = "app"
	labelInstance = "instance"
	labelHost     = "host"
)
