// Package loki keeps lines in Loki, or any server with its HTTP interface.
package loki

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"berth/core"
	"berth/worker/logs/server"
)

// Store is core.LogStore over Loki. Make it with New.
type Store struct {
	server *server.Server
	kept   time.Duration
}

var _ core.LogStore = (*Store)(nil)

// New uses the server at a URL, with whose user and password, or password alone as a bearer token, it signs in. Lines
// are looked for as far back as they are kept. In a Loki with tenants Berth is one of them.
func New(address string, kept time.Duration) *Store {
	return &Store{kept: kept, server: server.New(address, server.Options{Key: "Bearer", Header: map[string]string{
		"X-Scope-OrgID": "berth",
		"Cache-Control": "no-cache", // lines that are late are in a past that Loki may have found to be empty
	}})}
}

const (
	ahead   = 10 * time.Minute // as far as Loki takes lines of the future
	longest = 30 * 24 * time.Hour
	first   = time.Hour
	reserve = 64   // how many lines more than asked for are read, lest lines of the very same nanosecond be cut apart
	most    = 5000 // lines that Loki gives at once
)

// Search implements core.LogStore.
func (s *Store) Search(ctx context.Context, search core.LogSearch) (lines []core.LogRecord, more bool, err error) {
	q, err := query(search)
	if err != nil {
		return nil, false, err
	}
	now := time.Now()
	from, to := search.Span(now.Add(-s.kept), now.Add(ahead))
	for w := range windows(from, to, search.Forward) {
		found, err := s.query(ctx, q, w, search.Forward, search.Limit+reserve)
		if err != nil {
			return nil, false, err
		}
		if lines, more = search.Page(append(lines, found...)); more {
			break
		}
	}
	return lines, more, nil
}

// Times implements core.LogStore.
func (s *Store) Times(ctx context.Context, instance string, since time.Time) (all []time.Time, err error) {
	now := time.Now()
	from, to := core.LogSearch{From: since}.Span(now.Add(-s.kept), now.Add(ahead))
	known := map[int64]bool{}
	for w := range windows(from, to, true) {
		for full := true; full; {
			found, err := s.query(ctx, timesOf(instance), w, true, most)
			if err != nil {
				return nil, err
			}
			full = false
			for _, r := range found {
				if nanos := r.Time.UnixNano(); !known[nanos] {
					known[nanos], full = true, len(found) == most
					all = append(all, r.Time)
				}
				if r.Time.After(w.from) {
					w.from = r.Time
				}
			}
		}
	}
	return all, nil
}

// Epoch implements core.LogStore. What Loki took is in its write-ahead log, so that there is one for ever.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	answer, err := s.server.Ask(ctx, http.MethodGet, "/loki/api/v1/labels", "", nil)
	if err != nil {
		return "", err
	}
	return "loki", answer.Close()
}

// Forget implements core.LogStore. Loki reckons in milliseconds: what is of the very last one stays.
func (s *Store) Forget(ctx context.Context, tenantID, appID string, before time.Time) error {
	end := before.Add(-1).Truncate(time.Millisecond).UTC()
	values := url.Values{"query": {selector(tenantID, appID)},
		"start": {time.Unix(0, 0).UTC().Format(time.RFC3339)}, "end": {end.Format(time.RFC3339Nano)}}
	answer, err := s.server.Ask(ctx, http.MethodPost, "/loki/api/v1/delete?"+values.Encode(), "", nil)
	if err != nil {
		return err
	}
	return answer.Close()
}

// query returns the lines that a query finds in a window, in no order.
func (s *Store) query(ctx context.Context, q string, w window, forward bool, limit int) ([]core.LogRecord, error) {
	direction := "backward"
	if forward {
		direction = "forward"
	}
	form := url.Values{"query": {q}, "limit": {strconv.Itoa(limit)}, "direction": {direction},
		"start": {strconv.FormatInt(w.from.UnixNano(), 10)}, "end": {strconv.FormatInt(w.to.UnixNano(), 10)}}
	answer, err := s.server.Ask(ctx, http.MethodPost, "/loki/api/v1/query_range",
		"application/x-www-form-urlencoded", []byte(form.Encode()))
	if err != nil {
		return nil, err
	}
	defer answer.Close()
	var found struct{ Data struct{ Result []stream } }
	if err := json.NewDecoder(answer).Decode(&found); err != nil {
		return nil, server.Odd(err)
	}
	var lines []core.LogRecord
	for _, r := range found.Data.Result {
		lines = append(lines, r.records()...)
	}
	return lines, nil
}
