// Package lokitest stands in for a Loki in tests.
package lokitest

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

// Fake is as much of a Loki as the store asks for. The suite that it passes is passed by real ones; see
// scripts/test-stores.sh.
type Fake struct {
	URL string

	mu      sync.Mutex
	streams map[string]fakeStream // by labels as JSON
	asked   http.Header
	status  int // instead of an answer
	busy    int // how often yet
	pushes  int
}

// Asked returns the header of the last request.
func (f *Fake) Asked() http.Header {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked
}

// Pushes returns how often lines were offered.
func (f *Fake) Pushes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.pushes
}

// Answer has everything answered with a status from now on; 0 with what was asked for.
func (f *Fake) Answer(status int) { f.set(func() { f.status = status }) }

// Busy has it too busy for the next requests.
func (f *Fake) Busy(times int) { f.set(func() { f.busy = times }) }

func (f *Fake) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
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

// oldest is how old a line may be, as it is for a Loki whose settings say nothing of it.
const oldest = 7 * 24 * time.Hour

// Start starts one until the end of the test.
func Start(t testing.TB) *Fake {
	f := &Fake{streams: map[string]fakeStream{}}
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
	f.URL = s.URL
	return f
}

func (f *Fake) push(w http.ResponseWriter, r *http.Request) {
	f.pushes++
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
			if time.Since(time.Unix(0, l.nanos)) > oldest {
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

func (f *Fake) query(w http.ResponseWriter, r *http.Request) {
	q, err := ParseLogQL(r.FormValue("query"))
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

func (f *Fake) delete(w http.ResponseWriter, r *http.Request) {
	q, err := ParseLogQL(r.FormValue("query"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, err = time.Parse(time.RFC3339, r.FormValue("start"))
	end, err2 := time.Parse(time.RFC3339, r.FormValue("end"))
	if err != nil || err2 != nil || end.After(time.Now()) {
		http.Error(w, "invalid time, or deletes in the future", http.StatusBadRequest)
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
