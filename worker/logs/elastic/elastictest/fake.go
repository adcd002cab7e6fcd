// Package elastictest stands in for an Elasticsearch in tests.
package elastictest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fake is as much of an Elasticsearch as the store asks for.
type Fake struct {
	URL string

	mu       sync.Mutex
	cluster  string
	template map[string]any
	indices  map[string]map[string]fakeDocument // by name, then by id
	asked    http.Header
	refuses  func(message string) (status int, kind string)
	status   int // instead of an answer
	said     string
	busy     int // how often yet
}

// Asked returns the header of the last request.
func (f *Fake) Asked() http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// Refuse has lines refused from now on, with a status that is not 0 and the type of an error.
func (f *Fake) Refuse(refuses func(message string) (status int, kind string)) {
	f.set(func() { f.refuses = refuses })
}

// Answer has everything answered with a status from now on; 0 with what was asked for.
func (f *Fake) Answer(status int, said string) { f.set(func() { f.status, f.said = status, said }) }

// Busy has it too busy for the next requests.
func (f *Fake) Busy(times int) { f.set(func() { f.busy = times }) }

// SetCluster has it be another cluster.
func (f *Fake) SetCluster(name string) { f.set(func() { f.cluster = name }) }

// Make makes an index.
func (f *Fake) Make(index string) { f.set(func() { f.indices[index] = map[string]fakeDocument{} }) }

// Indices returns the names of the indices there are.
func (f *Fake) Indices() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.indices))
}

// SetTemplate makes the template, as an operator might have done.
func (f *Fake) SetTemplate(template map[string]any) { f.set(func() { f.template = template }) }

// Template returns what documents are said to look like.
func (f *Fake) Template() map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.template
}

func (f *Fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

type fakeDocument struct {
	at     time.Time
	fields map[string]any
	kept   time.Time
	found  bool // since a refresh
}

// Start starts one until the end of the test.
func Start(t testing.TB) *Fake {
	f := &Fake{cluster: "one", indices: map[string]map[string]fakeDocument{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { answer(w, map[string]any{"cluster_uuid": f.cluster}) })
	mux.HandleFunc("/_index_template/berth-logs", f.templates)
	mux.HandleFunc("POST /_bulk", f.bulk)
	mux.HandleFunc("GET /{indices}/_mapping/field/tenant,app", f.mappings)
	mux.HandleFunc("POST /{indices}/_refresh", f.refresh)
	mux.HandleFunc("POST /{indices}/_search", f.search)
	mux.HandleFunc("POST /{indices}/_delete_by_query", f.deleteByQuery)
	mux.HandleFunc("GET /_cat/indices/{indices}", f.list)
	mux.HandleFunc("DELETE /{index}", func(_ http.ResponseWriter, r *http.Request) { delete(f.indices, r.PathValue("index")) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = r.Header.Clone()
		switch {
		case f.status != 0:
			http.Error(w, f.said, f.status)
		case f.busy > 0:
			f.busy--
			http.Error(w, "es_rejected_execution_exception", http.StatusTooManyRequests)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	f.URL = s.URL
	return f
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (f *Fake) templates(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		_ = json.NewDecoder(r.Body).Decode(&f.template)
	}
	if f.template == nil {
		http.Error(w, "resource_not_found_exception", http.StatusNotFound)
	}
}

// mappings says how each day compares ids, as the template had it.
func (f *Fake) mappings(w http.ResponseWriter, r *http.Request) {
	all := map[string]any{}
	for name := range f.indices {
		if matched, _ := path.Match(r.PathValue("indices"), name); matched {
			of := map[string]any{}
			for _, field := range []string{"tenant", "app"} {
				of[field] = map[string]any{"mapping": map[string]any{field: map[string]string{"type": f.idType()}}}
			}
			all[name] = map[string]any{"mappings": of}
		}
	}
	answer(w, all)
}

// idType is the type of ids in the template.
func (f *Fake) idType() string {
	data, _ := json.Marshal(f.template)
	var t struct {
		Template struct {
			Mappings struct {
				Properties struct{ Tenant struct{ Type string } }
			}
		}
	}
	_ = json.Unmarshal(data, &t)
	return t.Template.Mappings.Properties.Tenant.Type
}

func (f *Fake) bulk(w http.ResponseWriter, r *http.Request) {
	items, failed := []any{}, false
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var act map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
		}
		d := fakeDocument{fields: map[string]any{}}
		err := json.Unmarshal(lines.Bytes(), &act)
		if lines.Scan(); err == nil {
			err = json.Unmarshal(lines.Bytes(), &d.fields)
		}
		at, _ := d.fields["@timestamp"].(string)
		d.at, _ = time.Parse(time.RFC3339Nano, at)
		place := act["create"]
		if err != nil || place.Index == "" || place.ID == "" || d.at.IsZero() || f.template == nil {
			http.Error(w, "illegal_argument_exception", http.StatusBadRequest)
			return
		}
		status, kind := f.keep(place.Index, place.ID, d)
		failed = failed || status >= 300
		why := map[string]string{"type": kind, "reason": "because"}
		items = append(items, map[string]any{"create": map[string]any{"status": status, "error": why}})
	}
	answer(w, map[string]any{"errors": failed, "items": items})
}

func (f *Fake) keep(index, id string, d fakeDocument) (status int, kind string) {
	if f.refuses != nil {
		if status, kind := f.refuses(fmt.Sprint(d.fields["message"])); status != 0 {
			return status, kind
		}
	}
	if f.indices[index] == nil {
		f.indices[index] = map[string]fakeDocument{}
	}
	if _, ok := f.indices[index][id]; ok {
		return http.StatusConflict, "version_conflict_engine_exception"
	}
	d.kept = time.Now()
	f.indices[index][id] = d
	return http.StatusCreated, ""
}

func (f *Fake) refresh(http.ResponseWriter, *http.Request) {
	for _, documents := range f.indices {
		for id, d := range documents {
			d.found = true
			documents[id] = d
		}
	}
}

// isFound reports whether a document is found yet: a server refreshes of itself too, every second.
func (d fakeDocument) isFound() bool { return d.found || time.Since(d.kept) > time.Second }

func (f *Fake) search(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Query map[string]any
		Size  int
		Sort  []map[string]struct{ Order string }
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || q.Size > 10_000 {
		http.Error(w, "parsing_exception", http.StatusBadRequest)
		return
	}
	found := []fakeDocument{}
	for name, documents := range f.indices {
		for _, d := range documents {
			ok, err := fits(q.Query, d)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if matched, _ := path.Match(r.PathValue("indices"), name); matched && ok && d.isFound() {
				found = append(found, d)
			}
		}
	}
	slices.SortFunc(found, func(a, b fakeDocument) int { return a.at.Compare(b.at) })
	if q.Sort[0]["@timestamp"].Order == "desc" {
		slices.Reverse(found)
	}
	hits := []any{}
	for _, d := range found[:min(len(found), q.Size)] {
		hits = append(hits, map[string]any{"_source": d.fields})
	}
	answer(w, map[string]any{"hits": map[string]any{"hits": hits}})
}

func (f *Fake) deleteByQuery(w http.ResponseWriter, r *http.Request) {
	var q struct{ Query map[string]any }
	_ = json.NewDecoder(r.Body).Decode(&q)
	for _, documents := range f.indices {
		for id, d := range documents {
			if ok, _ := fits(q.Query, d); ok && d.isFound() {
				delete(documents, id)
			}
		}
	}
	answer(w, map[string]any{"task": "node:1"})
}

func (f *Fake) list(w http.ResponseWriter, _ *http.Request) {
	names := []any{}
	for name := range f.indices {
		names = append(names, map[string]string{"index": name})
	}
	answer(w, names)
}

// fits reports whether a document is what a query asks for.
func fits(q map[string]any, d fakeDocument) (bool, error) {
	if len(q) != 1 {
		return false, fmt.Errorf("parsing_exception: %v", q)
	}
	for kind, of := range q {
		of, _ := of.(map[string]any)
		switch kind {
		case "bool":
			return fitsAll(of, d)
		case "term":
			return fitsField(of, d, func(value string, want map[string]any) bool { return value == want["value"] })
		case "wildcard":
			return fitsField(of, d, func(value string, want map[string]any) bool { return Wild(fmt.Sprint(want["value"]), value) })
		case "range":
			want, _ := of["@timestamp"].(map[string]any)
			from, err := time.Parse(time.RFC3339Nano, fmt.Sprint(want["gte"]))
			to, err2 := time.Parse(time.RFC3339Nano, fmt.Sprint(want["lt"]))
			if err != nil || err2 != nil {
				return false, fmt.Errorf("parse_exception: %v", want)
			}
			return !d.at.Before(from) && d.at.Before(to), nil
		}
	}
	return false, fmt.Errorf("parsing_exception: unknown query %v", q)
}

func fitsAll(of map[string]any, d fakeDocument) (bool, error) {
	count := func(name string) (n, all int, err error) {
		list, _ := of[name].([]any)
		for _, q := range list {
			ok, err := fits(q.(map[string]any), d)
			if err != nil {
				return 0, 0, err
			}
			if ok {
				n++
			}
		}
		return n, len(list), nil
	}
	filter, filters, err := count("filter")
	not, _, err2 := count("must_not")
	should, shoulds, err3 := count("should")
	if err != nil || err2 != nil || err3 != nil {
		return false, fmt.Errorf("%v %v %v", err, err2, err3)
	}
	return filter == filters && not == 0 && (shoulds == 0 || should > 0), nil
}

func fitsField(of map[string]any, d fakeDocument, fits func(value string, want map[string]any) bool) (bool, error) {
	for name, want := range of {
		want, ok := want.(map[string]any)
		if !ok {
			return false, fmt.Errorf("parsing_exception: %v", of)
		}
		if list, ok := d.fields[name].([]any); ok {
			return slices.ContainsFunc(list, func(value any) bool { return fits(fmt.Sprint(value), want) }), nil
		}
		value, ok := d.fields[name].(string)
		return ok && fits(value, want), nil
	}
	return false, nil
}

// Wild reports whether a text is as a pattern with *, ? and \ says.
func Wild(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	switch c, rest := pattern[0], pattern[1:]; c {
	case '*':
		for n := range len(text) + 1 {
			if Wild(rest, text[n:]) {
				return true
			}
		}
		return false
	case '?':
		return text != "" && Wild(rest, text[1:])
	case '\\':
		return rest != "" && strings.HasPrefix(text, rest[:1]) && Wild(rest[1:], text[1:])
	default:
		return text != "" && text[0] == c && Wild(rest, text[1:])
	}
}
