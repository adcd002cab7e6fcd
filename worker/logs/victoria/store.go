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
	"berth/worker/logs/server"
)

// Store is core.LogStore over VictoriaLogs. Make it with New or NewLocal.
type Store struct{ server *server.Server }

var _ core.LogStore = (*Store)(nil)

// New uses the server at a URL, with whose user and password it signs in.
func New(address string) *Store { return &Store{server.New(address, server.Options{Key: "Bearer"})} }

// NewLocal uses the server that listens on a socket of this machine.
func NewLocal(socket string) *Store {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	transport := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 8, DisableCompression: true}
	return &Store{server.New("http://logs", server.Options{Transport: transport})}
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
		before := len(lines)
		err = s.query(ctx, query(search, w), func() { lines = lines[:before] }, func(line []byte) error {
			var r row
			if err := json.Unmarshal(line, &r); err != nil {
				return server.Odd(err)
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
	err = s.query(ctx, times(instance, since), func() { all = nil }, func(line []byte) error {
		var r struct {
			Time time.Time `json:"_time"`
		}
		if err := json.Unmarshal(line, &r); err != nil {
			return server.Odd(err)
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
			return "", server.Full(nil)
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

// query calls f for each object that a query returns. An answer that breaks off, as it may behind a proxy that closes a
// connection, is asked for once more, after forget.
func (s *Store) query(ctx context.Context, query string, forget func(), f func(line []byte) error) error {
	err := s.queryOnce(ctx, query, f)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		forget()
		err = s.queryOnce(ctx, query, f)
	}
	return err
}

func (s *Store) queryOnce(ctx context.Context, query string, f func(line []byte) error) error {
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
			return server.Away(err)
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

// ask returns the body of an answer that is no refusal. Too many requests is what the server says when its disk is full.
func (s *Store) ask(ctx context.Context, method, path, kind string, body []byte) (io.ReadCloser, error) {
	answer, err := s.server.Ask(ctx, method, path, kind, body)
	if r, ok := errors.AsType[*server.Refusal](err); ok && r.Status == http.StatusTooManyRequests {
		err = server.Full(r)
	}
	return answer, err
}
