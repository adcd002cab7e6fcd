package loki

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// fake is as much of a Loki as the store asks for. The suite that it passes is passed by real ones; see
// scripts/test-stores.sh.
type fake struct {
	mu      sync.Mutex
	streams map[string]fakeStream // by labels as JSON
	asked   http.Header
	refuse  func(text string) bool
	status  int // instead of an answer
	busy    int // how often yet
}

type fakeStream struct {
	labels map[string]string
	lines  map[string]fakeLine // by nanoseconds and text: two alike are one
}

type fakeLine struct {
	nanos int64
	text  string
	notes map[string]string
}

func startFake(t *testing.T) (*fake, string) {
	f := &fake{streams: map[string]fakeStream{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /loki/api/v1/push", f.push)
	mux.HandleFunc("POST /loki/api/v1/query_range", f.query)
	mux.HandleFunc("POST /loki/api/v1/delete", f.delete)
	mux.HandleFunc("GET /loki/api/v1/labels", func(http.ResponseWriter, *http.Request) {})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.asked = r.Header.Clone()
		switch {
		case f.status != 0:
			http.Error(w, "no", f.status)
		case f.busy > 0:
			f.busy--
			http.Error(w, "ingestion rate limit exceeded", http.StatusTooManyRequests)
		default:
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return f, s.URL
}

func (f *fake) push(w http.ResponseWriter, r *http.Request) {
	var push struct {
		Streams []struct {
			Stream map[string]string
			Values [][]json.RawMessage
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&push); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	refused := false
	for _, s := range push.Streams {
		key, _ := json.Marshal(s.Stream)
		if _, ok := f.streams[string(key)]; !ok {
			f.streams[string(key)] = fakeStream{s.Stream, map[string]fakeLine{}}
		}
		for _, v := range s.Values {
			l, err := newFakeLine(v)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if f.refuse != nil && f.refuse(l.text) {
				refused = true
				continue
			}
			f.streams[string(key)].lines[fmt.Sprint(l.nanos, l.text)] = l
		}
	}
	if refused { // the others are kept all the same
		http.Error(w, "entry has timestamp too old", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func newFakeLine(parts []json.RawMessage) (l fakeLine, err error) {
	var nanos string
	for i, to := range []any{&nanos, &l.text, &l.notes}[:len(parts)] {
		if err := json.Unmarshal(parts[i], to); err != nil {
			return l, err
		}
	}
	l.nanos, err = strconv.ParseInt(nanos, 10, 64)
	return l, err
}

func (f *fake) query(w http.ResponseWriter, r *http.Request) {
	q, err := parseLogQL(r.FormValue("query"))
	from, err2 := strconv.ParseInt(r.FormValue("start"), 10, 64)
	to, err3 := strconv.ParseInt(r.FormValue("end"), 10, 64)
	limit, err4 := strconv.Atoi(r.FormValue("limit"))
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case err2 != nil || err3 != nil || err4 != nil || limit > 5000 || time.Duration(to-from) > 721*time.Hour:
		http.Error(w, "the query exceeds a limit", http.StatusBadRequest)
		return
	}
	type row struct {
		labels map[string]string
		fakeLine
	}
	var rows []row
	for _, s := range f.streams {
		for _, l := range s.lines {
			if text, ok := q.run(s.labels, l.text); ok && l.nanos >= from && l.nanos < to {
				l.text = text
				rows = append(rows, row{s.labels, l})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return int(a.nanos - b.nanos) })
	if r.FormValue("direction") == "backward" {
		slices.Reverse(rows)
	}
	result := []any{}
	for _, r := range rows[:min(len(rows), limit)] {
		labels := maps.Clone(r.labels)
		maps.Copy(labels, r.notes)
		result = append(result, map[string]any{"stream": labels, "values": [][2]string{{strconv.FormatInt(r.nanos, 10), r.text}}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": "streams", "result": result}})
}

func (f *fake) delete(w http.ResponseWriter, r *http.Request) {
	q, err := parseLogQL(r.FormValue("query"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	end, err := time.Parse(time.RFC3339Nano, r.FormValue("end"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, s := range f.streams {
		maps.DeleteFunc(s.lines, func(_ string, l fakeLine) bool {
			_, ok := q.run(s.labels, l.text)
			return ok && l.nanos/1e6 <= end.UnixMilli()
		})
	}
	w.WriteHeader(http.StatusNoContent)
}
