// Package elastic keeps lines in Elasticsearch, or a server that has its interface, such as OpenSearch.
package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"berth/core"
	"berth/worker/logs/server"
)

// Store is core.LogStore over Elasticsearch. Make it with New.
type Store struct {
	server *server.Server
	kept   time.Duration
	ready  atomic.Bool            // the server knows what lines look like
	known  atomic.Pointer[string] // the server's name, as it was last told
}

var _ core.LogStore = (*Store)(nil)

// New uses the server at a URL, with whose user and password, or password alone as an API key, it signs in.
func New(address string, kept time.Duration) *Store {
	return &Store{server: server.New(address, server.Options{Key: "ApiKey"}), kept: kept}
}

const (
	ahead   = 10 * time.Minute // by which clocks go wrong without being wrong
	reserve = 64               // lines read beyond what is asked for, lest those of one nanosecond be cut apart
	most    = 10_000           // documents that a server gives at once
)

// Search implements core.LogStore.
func (s *Store) Search(ctx context.Context, search core.LogSearch) ([]core.LogRecord, bool, error) {
	now := time.Now()
	from, to := search.Span(now.Add(-s.kept), now.Add(ahead))
	found, err := s.find(ctx, query(search, from, to), wholeLine, search.Forward, search.Limit+reserve)
	if err != nil {
		return nil, false, err
	}
	lines := make([]core.LogRecord, 0, len(found))
	for _, d := range found {
		if l := d.record(); l.TenantID == search.TenantID && l.AppID == search.AppID { // however the server compares
			lines = append(lines, l)
		}
	}
	lines, more := search.Page(lines)
	return lines, more, nil
}

// Times implements core.LogStore.
func (s *Store) Times(ctx context.Context, instance string, since time.Time) (all []time.Time, err error) {
	if err := s.refresh(ctx); err != nil { // what was just taken is not found yet
		return nil, err
	}
	now := time.Now()
	from, to := core.LogSearch{From: since}.Span(now.Add(-s.kept), now.Add(ahead))
	known := map[int64]bool{}
	for more := true; more; {
		found, err := s.find(ctx, timesOf(instance, from, to), onlyTime, true, most)
		if err != nil {
			return nil, err
		}
		more = false
		for _, d := range found {
			if nanos := d.Time.UnixNano(); !known[nanos] {
				known[nanos], more = true, len(found) == most
				all, from = append(all, d.Time.UTC()), d.Time
			}
		}
	}
	return all, nil
}

// Epoch implements core.LogStore. What a server took it has on its disk, as long as it is the same one.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	var about struct {
		Cluster string `json:"cluster_uuid"`
	}
	if err := s.call(ctx, http.MethodGet, "/", nil, &about); err != nil {
		return "", err
	}
	if before := s.known.Swap(&about.Cluster); before != nil && *before != about.Cluster {
		s.ready.Store(false) // it was made anew, and knows nothing
	}
	return about.Cluster, nil
}

// Forget implements core.LogStore. The server goes on with it by itself.
func (s *Store) Forget(ctx context.Context, tenantID, appID string, before time.Time) error {
	if err := errors.Join(s.refresh(ctx), s.exact(ctx)); err != nil {
		return err
	}
	path := "/" + days + "/_delete_by_query?conflicts=proceed&wait_for_completion=false&refresh=true"
	return s.call(ctx, http.MethodPost, path, clause{"query": older(tenantID, appID, before)}, nil)
}

func (s *Store) refresh(ctx context.Context) error {
	err := s.call(ctx, http.MethodPost, "/"+days+"/_refresh", nil, nil)
	if r, ok := errors.AsType[*server.Refusal](err); ok && r.Status == http.StatusNotFound {
		return nil // nothing was kept yet
	}
	return err
}

// What is asked for of a document.
var (
	wholeLine = []string{"*"}
	onlyTime  = []string{"@timestamp"}
)

// find returns documents by time.
func (s *Store) find(ctx context.Context, query clause, of []string, forward bool, limit int) ([]document, error) {
	order := "desc"
	if forward {
		order = "asc"
	}
	var answer struct {
		Hits struct {
			Hits []struct {
				Source document `json:"_source"`
			}
		}
	}
	question := clause{"query": query, "size": limit, "track_total_hits": false, "_source": of,
		"sort": []clause{{"@timestamp": clause{"order": order, "unmapped_type": "date_nanos"}}}}
	err := s.call(ctx, http.MethodPost, "/"+days+"/_search?allow_partial_search_results=false", question, &answer)
	found := make([]document, len(answer.Hits.Hits))
	for i, hit := range answer.Hits.Hits {
		found[i] = hit.Source
	}
	return found, err
}

// call asks the server and reads its answer.
func (s *Store) call(ctx context.Context, method, path string, question, answer any) error {
	var body []byte
	kind := ""
	if question != nil {
		kind = "application/json"
		var err error
		if body, err = json.Marshal(question); err != nil {
			return err
		}
	}
	got, err := s.server.Ask(ctx, method, path, kind, body)
	return read(got, err, answer)
}

// read reads what the server answered into a value, unless that is nil.
func read(got io.ReadCloser, err error, answer any) error {
	if r, ok := errors.AsType[*server.Refusal](err); ok && strings.Contains(r.Text, "cluster_block_exception") {
		return server.Full(r)
	}
	if err != nil {
		return err
	}
	defer got.Close()
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(got).Decode(answer); err != nil {
		return server.Odd(err)
	}
	return nil
}
