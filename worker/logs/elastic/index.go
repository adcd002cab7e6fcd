package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"berth/core"
	"berth/worker/logs/server"
)

// Lines are in an index for each day, so that days go as a whole.
const (
	prefix    = "berth-logs-"
	days      = prefix + "*"
	dayFormat = "2006.01.02"
)

func indexOf(r core.LogRecord) string { return prefix + r.Time.UTC().Format(dayFormat) }

// template says what lines look like. A server that has it already keeps its own, which operators may have changed.
func template() clause {
	exact := clause{"type": "keyword"}
	return clause{"index_patterns": []string{days}, "priority": 200, "template": clause{
		"settings": clause{"index": clause{"codec": "best_compression", "auto_expand_replicas": "0-1"}},
		"mappings": clause{"dynamic": false, "_source": clause{"excludes": []string{"fields"}}, "properties": clause{
			"@timestamp": clause{"type": "date_nanos"}, "message": clause{"type": "wildcard"},
			"tenant": exact, "app": exact, "instance": exact, "version": exact, "stream": exact, "level": exact, "fields": exact,
			"part": clause{"type": "boolean"}, "dropped": clause{"type": "integer"},
		}},
	}}
}

// prepare makes sure that the server knows what lines look like, before the first are sent.
func (s *Store) prepare(ctx context.Context) error {
	if s.ready.Load() {
		return nil
	}
	const path = "/_index_template/berth-logs"
	err := s.call(ctx, http.MethodGet, path, nil, nil)
	if r, ok := errors.AsType[*server.Refusal](err); ok && r.Status == http.StatusNotFound {
		err = s.call(ctx, http.MethodPut, path, template(), nil)
	}
	s.ready.Store(err == nil)
	return err
}

// exact makes sure that every day compares ids as a whole: else what is removed of one app would be that of others, too,
// whose ids have a word in common. A day may have been made while the server had lost the template.
func (s *Store) exact(ctx context.Context) error {
	var all map[string]struct {
		Mappings map[string]struct {
			Mapping map[string]struct{ Type string }
		}
	}
	err := s.call(ctx, http.MethodGet, "/"+days+"/_mapping/field/tenant,app", nil, &all)
	if r, ok := errors.AsType[*server.Refusal](err); ok && r.Status == http.StatusNotFound {
		return nil // nothing was kept yet
	}
	for day, of := range all {
		for _, name := range [...]string{"tenant", "app"} {
			if of.Mappings[name].Mapping[name].Type != "keyword" {
				return server.Odd(fmt.Errorf("%s was made without the template berth-logs: remove it", day))
			}
		}
	}
	return err
}

// Prune removes the days that ended before a moment.
func (s *Store) Prune(ctx context.Context, before time.Time) error {
	var indices []struct{ Index string }
	if err := s.call(ctx, http.MethodGet, "/_cat/indices/"+days+"?format=json&h=index", nil, &indices); err != nil {
		return err
	}
	var failed error
	for _, i := range indices {
		day, err := time.Parse(dayFormat, strings.TrimPrefix(i.Index, prefix))
		if err == nil && !day.AddDate(0, 0, 1).After(before) {
			failed = errors.Join(failed, s.call(ctx, http.MethodDelete, "/"+url.PathEscape(i.Index), nil, nil))
		}
	}
	return failed
}

// pruneEvery is how often Run looks for days that are over.
const pruneEvery = time.Hour

// Run removes what is older than is kept, until ctx ends. A failure is made good the next time.
func (s *Store) Run(ctx context.Context) error {
	for {
		if err := s.Prune(ctx, time.Now().Add(-s.kept)); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pruneEvery):
		}
	}
}
