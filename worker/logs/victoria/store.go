// Package victoria keeps lines in VictoriaLogs, over its HTTP interface: in the one that Berth runs as its own child,
// or in any other.
package victoria

import (
	"bufio"
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

	"berth/core"
)

// Store is core.LogStore over VictoriaLogs. Make it with New or NewLocal.
type Store struct {
	base   string
	client *http.Client
}

var _ core.LogStore = (*Store)(nil)

// patience is how long the server may take for an answer.
const patience = 30 * time.Second

// New uses the server at a URL, with whose user and password it signs in.
func New(base string) *Store {
	return &Store{base: strings.TrimSuffix(base, "/"), client: &http.Client{Timeout: patience}}
}

// NewLocal uses the server that listens on a socket of this machine.
func NewLocal(socket string) *Store {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	transport := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 8, DisableCompression: true}
	return &Store{base: "http://logs", client: &http.Client{Timeout: patience, Transport: transport}}
}

const streamFields = "_stream_fields=tenant,app,instance"

// Append implements core.LogStore.
func (s *Store) Append(ctx context.Context, lines []core.LogRecord) error {
	size := 0
	for _, l := range lines {
		size += len(l.Line) + 256
	}
	body := make([]byte, 0, size)
	for _, l := range lines {
		body = appendRecord(body, l)
	}
	answer, err := s.ask(ctx, http.MethodPost, "/insert/jsonline?"+streamFields, "application/stream+json", body)
	if err != nil {
		return err
	}
	return answer.Close()
}

// Search implements core.LogStore.
func (s *Store) Search(ctx context.Context, search core.LogSearch) (lines []core.LogRecord, more bool, err error) {
	for w := range windows(search, time.Now()) {
		err = s.query(ctx, query(search, w), func(line []byte) error {
			var r row
			if err := json.Unmarshal(line, &r); err != nil {
				return core.Wrap(err, core.EUNAVAILABLE, "error.log_store_odd")
			}
			lines = append(lines, r.record())
			return nil
		})
		if err != nil {
			return nil, false, err
		}
		if lines, more = search.Page(lines); more {
			break
		}
	}
	return lines, more, nil
}

// Times implements core.LogStore.
func (s *Store) Times(ctx context.Context, instance string, since time.Time) ([]time.Time, error) {
	answer, err := s.ask(ctx, http.MethodPost, "/internal/force_flush", "", nil) // what was just taken is not found yet
	if err != nil {
		return nil, err
	}
	answer.Close()
	var all []time.Time
	err = s.query(ctx, times(instance, since), func(line []byte) error {
		var r struct {
			Time time.Time `json:"_time"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return core.Wrap(err, core.EUNAVAILABLE, "error.log_store_odd")
		}
		all = append(all, r.Time.UTC())
		return nil
	})
	return all, err
}

// Epoch implements core.LogStore: it is the time at which the server started.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	answer, err := s.ask(ctx, http.MethodGet, "/metrics", "", nil)
	if err != nil {
		return "", err
	}
	defer answer.Close()
	epoch := ""
	for lines := bufio.NewScanner(answer); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		switch {
		case name == "vm_app_start_timestamp":
			epoch = value
		case strings.HasPrefix(name, "vl_storage_is_read_only") && value != "0":
			return "", full(nil)
		}
	}
	return epoch, nil
}

// Forget implements core.LogStore.
func (s *Store) Forget(ctx context.Context, tenantID, appID string, moment time.Time) error {
	answer, err := s.ask(ctx, http.MethodPost, "/delete/run_task?filter="+url.QueryEscape(before(tenantID, appID, moment)), "", nil)
	if err != nil {
		return err
	}
	return answer.Close()
}

// query calls f for each object that a query returns.
func (s *Store) query(ctx context.Context, query string, f func(line []byte) error) error {
	form := url.Values{"query": {query}}.Encode()
	answer, err := s.ask(ctx, http.MethodPost, "/select/logsql/query", "application/x-www-form-urlencoded", []byte(form))
	if err != nil {
		return err
	}
	defer answer.Close()
	lines := bufio.NewReaderSize(answer, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return unavailable(err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			if err := f(line); err != nil {
				return fmt.Errorf("%w: %.200q", err, line)
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// ask returns the body of an answer that is no refusal.
func (s *Store) ask(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, unavailable(err)
	}
	if res.StatusCode < 300 {
		return res.Body, nil
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	err = fmt.Errorf("%s %s: %s: %s", method, req.URL.Path, res.Status, bytes.TrimSpace(text))
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusInsufficientStorage {
		return nil, full(err)
	}
	return nil, unavailable(err)
}

func unavailable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return core.Wrap(err, core.EUNAVAILABLE, "error.log_store_away")
}

func full(err error) error {
	return core.Wrap(err, core.EINSUFFICIENT, "error.log_store_full")
}
