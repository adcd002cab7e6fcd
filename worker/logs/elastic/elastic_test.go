package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
	"berth/worker/logs/elastic/elastictest"
	"berth/worker/logs/storetest"
)

// realServer is the URL of a real one, which then is asked in place of the fake.
var realServer = flag.String("server", "", "the URL of an Elasticsearch that the suite is to be run against")

const kept = 30 * 24 * time.Hour

func TestStore(t *testing.T) {
	url := *realServer
	switch {
	case *zincServer != "":
		url = startZinc(t)
	case url == "":
		url = elastictest.Start(t).URL
	}
	storetest.Test(t, New(url, kept))
}

func line(at time.Time, text string) core.LogRecord {
	return core.LogRecord{TenantID: "acme", AppID: "shop", LogLine: core.LogLine{Time: at.UTC(), Instance: "a",
		Version: "1.0", Stream: "stdout", Line: text}}
}

// Lines that the server never takes are named, and all others are kept.
func TestRefusedLines(t *testing.T) {
	f := elastictest.Start(t)
	s, at := New(f.URL, kept), time.Now()
	lines := []core.LogRecord{line(at, "bad"), line(at.Add(1), "good")}
	f.Refuse(func(message string) (int, string) {
		if message == "bad" {
			return http.StatusBadRequest, "document_parsing_exception"
		}
		return 0, ""
	})
	refused, ok := errors.AsType[*core.LogRefusal](s.Append(t.Context(), lines))
	if !ok || !slices.Equal(refused.Lines, lines[:1]) || !strings.Contains(refused.Error(), "because") {
		t.Errorf("refused %+v", refused)
	}
	if times, err := s.Times(t.Context(), "a", at); err != nil || len(times) != 1 || !times[0].Equal(lines[1].Time) {
		t.Errorf("%v, %v", times, err)
	}
	for kind, want := range map[string]string{"cluster_block_exception": "error.log_store_full", "validation_exception": "error.log_store_away"} {
		f.Refuse(func(string) (int, string) { return http.StatusBadRequest, kind })
		if err := s.Append(t.Context(), lines); core.ErrorMessage(err).Key != want {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// A day that takes no lines any more costs its own lines, and a server without room holds all up.
func TestADayThatIsClosed(t *testing.T) {
	for reason, closed := range map[string]bool{"index [berth-logs-2026.01.02] blocked by: [FORBIDDEN/8/index write (api)];": true,
		"index [berth-logs-2026.01.02] blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];": false,
		"blocked by: [FORBIDDEN/6/cluster read-only (api)];":                                             false} {
		if got := (bulkError{"cluster_block_exception", reason}).closed(); got != closed {
			t.Errorf("%s: %v", reason, got)
		}
	}
}

// A server that was made anew is told what lines look like, and one that does not know compares no ids.
func TestAServerThatWasMadeAnew(t *testing.T) {
	f := elastictest.Start(t)
	s, lines := New(f.URL, kept), []core.LogRecord{line(time.Now(), "one")}
	if _, err := s.Epoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	f.SetTemplate(map[string]any{"mine": true})
	if err := s.Forget(t.Context(), "acme", "shop", time.Now()); err == nil {
		t.Error("removed by ids that are compared word by word")
	}
	f.SetCluster("two")
	f.SetTemplate(nil)
	if _, err := s.Epoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), lines); err != nil || f.Template() == nil {
		t.Errorf("%v, %v", f.Template(), err)
	}
	if err := s.Forget(t.Context(), "acme", "shop", time.Now()); err != nil {
		t.Error(err)
	}
}

// What is offered again is there once.
func TestLinesAreKeptOnce(t *testing.T) {
	f := elastictest.Start(t)
	s, at := New(f.URL, kept), time.Now()
	for range 2 {
		if err := s.Append(t.Context(), []core.LogRecord{line(at, "one"), line(at.Add(1), "two")}); err != nil {
			t.Fatal(err)
		}
	}
	if times, err := s.Times(t.Context(), "a", at); err != nil || len(times) != 2 {
		t.Errorf("%v, %v", times, err)
	}
}

// Days go when all of them is older than is kept, and nothing else does.
func TestDaysThatAreOverGo(t *testing.T) {
	f := elastictest.Start(t)
	s, now := New(f.URL, kept), time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)
	var lines []core.LogRecord
	for day := range 4 {
		lines = append(lines, line(now.AddDate(0, 0, -day), "line"))
	}
	if err := s.Append(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	f.Make("berth-logs-of-somebody")
	if err := s.Prune(t.Context(), now.AddDate(0, 0, -2)); err != nil {
		t.Fatal(err)
	}
	want := []string{"berth-logs-2026.05.29", "berth-logs-2026.05.30", "berth-logs-2026.05.31", "berth-logs-of-somebody"}
	if got := f.Indices(); !slices.Equal(got, want) {
		t.Errorf("left are %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What operators made of the template stays.
func TestTheTemplateIsMadeOnce(t *testing.T) {
	f := elastictest.Start(t)
	f.SetTemplate(map[string]any{"mine": true})
	err := New(f.URL, kept).Append(t.Context(), []core.LogRecord{line(time.Now(), "one")})
	if err != nil || f.Template()["mine"] != true {
		t.Errorf("%v, %v", f.Template(), err)
	}
}

// Lines wait for a server that is too busy for a moment; who searches is told.
func TestABusyServer(t *testing.T) {
	f := elastictest.Start(t)
	s, lines := New(f.URL, kept), []core.LogRecord{line(time.Now(), "one")}
	if err := s.Append(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	f.Busy(2)
	if err := s.Append(t.Context(), lines); err != nil {
		t.Error(err)
	}
	f.Busy(1)
	_, _, err := s.Search(t.Context(), core.LogSearch{TenantID: "acme", AppID: "shop", Limit: 1})
	if core.ErrorMessage(err).Key != "error.log_store_busy" {
		t.Errorf("a search says %v", err)
	}
}

func TestWhoBerthIs(t *testing.T) {
	f := elastictest.Start(t)
	for user, want := range map[string]string{"berth:p%40ss@": "Basic YmVydGg6cEBzcw==", ":a-key@": "ApiKey a-key", "": ""} {
		if epoch, err := New(strings.Replace(f.URL, "://", "://"+user, 1), kept).Epoch(t.Context()); err != nil || epoch != "one" {
			t.Error(epoch, err)
		}
		if got := f.Asked().Get("Authorization"); got != want {
			t.Errorf("with %q: %q", user, got)
		}
	}
}

// What fails says why, and never with which password.
func TestFailuresAreTold(t *testing.T) {
	f := elastictest.Start(t)
	s := New(strings.Replace(f.URL, "://", "://berth:hunter2@", 1), kept)
	for _, c := range []struct {
		status    int
		said, key string
	}{
		{http.StatusUnauthorized, "", "error.log_store_denied"}, {http.StatusServiceUnavailable, "", "error.log_store_away"},
		{http.StatusForbidden, `{"error":{"type":"cluster_block_exception"}}`, "error.log_store_full"},
	} {
		f.Answer(c.status, c.said)
		err := s.Append(t.Context(), []core.LogRecord{line(time.Now(), "one")})
		if got := core.ErrorMessage(err); got.Key != c.key || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%d: %v", c.status, err)
		}
	}
}

// Whatever somebody types, it is a value: the question has the same parts for it as for a plain word.
func TestNothingTypedIsLanguage(t *testing.T) {
	shape := func(text string) string {
		s := core.LogSearch{TenantID: text, AppID: text, Instance: text, Words: []string{"w"}, Not: []string{"n"},
			Fields: []core.LogField{{Name: text, Value: text}}}
		data, err := json.Marshal(query(s, time.Unix(0, 0), time.Unix(1, 0)))
		if err != nil {
			t.Fatal(err)
		}
		quoted, _ := json.Marshal(text)
		field, _ := json.Marshal(term(text, text))
		return strings.ReplaceAll(strings.ReplaceAll(string(data), string(field), `"?"`), string(quoted), `"?"`)
	}
	want := shape("plain")
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`["\\{}:,*?\[\]]{1,12}`)).Draw(t, "text")
		if got := shape("x" + text + "="); got != want {
			t.Fatalf("%q: %s, want %s", text, got, want)
		}
		other := rapid.String().Draw(t, "other")
		pattern := "*" + literal.Replace(text) + "*"
		if elastictest.Wild(pattern, other) != strings.Contains(other, text) || !elastictest.Wild(pattern, "a"+text+"b") {
			t.Fatalf("%q is sought with %q", text, pattern)
		}
	})
}

func TestFieldsOfALine(t *testing.T) {
	for line, want := range map[string][]string{
		`{"a":1,"b":{"c":"x","d":{"e":true}},"f":[1,2],"g":null}`: {"a=1", "b.c=x", "b.d.e=true", "f=[1,2]", "g=null"},
		`{"log.level":"w\u00e4rn"}`:                               {"log.level=wärn"},
		`{"long":"` + strings.Repeat("x", maxField+1) + `"}`:      nil,
		`{"broken":`: nil, `text`: nil, ``: nil, `[1]`: nil, `{}`: nil,
	} {
		got := fieldsOf(line)
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s: %q", line, got)
		}
	}
}
