package loki

import (
	"errors"
	"flag"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"berth/core"
	"berth/worker/logs/loki/lokitest"
	"berth/worker/logs/storetest"
)

// realServer is the URL of a real one, which then is asked in place of the fake.
var realServer = flag.String("server", "", "the URL of a Loki that the suite is to be run against")

const kept = 30 * 24 * time.Hour

// address is that of the server that is asked.
func address(t *testing.T) string {
	if *realServer != "" {
		storetest.Patience = 6 * time.Minute // it looks every 5 minutes for what is to go
		return *realServer
	}
	return lokitest.Start(t).URL
}

func TestStore(t *testing.T) { storetest.Test(t, New(address(t), kept)) }

func line(tenant string, age time.Duration, text string) core.LogRecord {
	return core.LogRecord{TenantID: tenant, AppID: "shop", LogLine: core.LogLine{Time: time.Now().Add(-age).UTC(),
		Instance: "a", Version: "1.0", Stream: "stdout", Line: text}}
}

// Lines that the server never takes are named, and all others are kept.
func TestRefusedLines(t *testing.T) {
	s, tenant := New(address(t), kept), core.NewID()
	const old = 8 * 24 * time.Hour
	lines := []core.LogRecord{line(tenant, old, "old 1"), line(tenant, 5*time.Minute, "new 1"), line(tenant, old, "old 2"),
		line(tenant, 4*time.Minute, "new 2"), line(tenant, 3*time.Minute, "new 3")}
	refused, ok := errors.AsType[*core.LogRefusal](s.Append(t.Context(), lines))
	if !ok || !slices.Equal(refused.Lines, []core.LogRecord{lines[0], lines[2]}) || !strings.Contains(refused.Error(), "old") {
		t.Errorf("refused %+v", refused)
	}
	found, _, err := s.Search(t.Context(), core.LogSearch{TenantID: tenant, AppID: "shop", Limit: 10})
	if err != nil || !slices.Equal(found, []core.LogRecord{lines[4], lines[3], lines[1]}) {
		t.Errorf("found %v, %v", found, err)
	}
}

// Of many lines that are too old few are asked about: a host that comes back after long does not hold up the others.
func TestManyOldLines(t *testing.T) {
	f := lokitest.Start(t)
	var lines []core.LogRecord
	for range 2000 {
		lines = append(lines, line("acme", 8*24*time.Hour, "old"))
	}
	lines = append(lines, line("acme", time.Minute, "new"))
	before := f.Pushes()
	refused, ok := errors.AsType[*core.LogRefusal](New(f.URL, kept).Append(t.Context(), lines))
	if !ok || !slices.Equal(refused.Lines, lines[:2000]) {
		t.Errorf("%d lines were refused", len(refused.Lines))
	}
	if n := f.Pushes() - before; n > 30 {
		t.Errorf("asked %d times", n)
	}
}

// What is offered again is there once.
func TestLinesAreKeptOnce(t *testing.T) {
	s, lines := New(address(t), kept), []core.LogRecord{line(core.NewID(), time.Minute, "one"), line("", time.Second, "two")}
	lines[1].TenantID, lines[1].Part = lines[0].TenantID, true
	for range 2 {
		if err := s.Append(t.Context(), lines); err != nil {
			t.Fatal(err)
		}
	}
	found, _, err := s.Search(t.Context(), core.LogSearch{TenantID: lines[0].TenantID, AppID: "shop", Forward: true, Limit: 10})
	if err != nil || !slices.Equal(found, lines) {
		t.Errorf("found %v, %v", found, err)
	}
}

// A server that takes no more for a moment is asked again.
func TestABusyServer(t *testing.T) {
	f := lokitest.Start(t)
	f.Busy(2)
	if err := New(f.URL, kept).Append(t.Context(), []core.LogRecord{line("acme", 0, "one")}); err != nil {
		t.Error(err)
	}
}

func TestWhoBerthIs(t *testing.T) {
	f := lokitest.Start(t)
	for user, want := range map[string]string{"berth:p%40ss@": "Basic YmVydGg6cEBzcw==", ":a-token@": "Bearer a-token", "": ""} {
		if _, err := New(strings.Replace(f.URL, "://", "://"+user, 1), kept).Epoch(t.Context()); err != nil {
			t.Error(err)
		}
		if got := f.Asked().Get("Authorization"); got != want || f.Asked().Get("X-Scope-OrgID") != "berth" {
			t.Errorf("with %q: %q", user, got)
		}
	}
}

// What fails says why, and never with which password.
func TestFailuresAreTold(t *testing.T) {
	f := lokitest.Start(t)
	url := strings.Replace(f.URL, "://", "://berth:hunter2@", 1)
	for status, want := range map[int]string{
		http.StatusUnauthorized: "error.log_store_denied", http.StatusForbidden: "error.log_store_denied",
		http.StatusInternalServerError: "error.log_store_away", http.StatusFound: "error.log_store_away",
		http.StatusInsufficientStorage: "error.log_store_full",
	} {
		f.Answer(status)
		err := New(url, kept).Append(t.Context(), []core.LogRecord{line("acme", 0, "one")})
		if got := core.ErrorMessage(err); got.Key != want || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%d: %v", status, err)
		}
	}
	_, _, err := New("http://berth:hunter2@127.0.0.1:1", kept).Search(t.Context(), core.LogSearch{TenantID: "acme", AppID: "shop", Limit: 1})
	if core.ErrorCode(err) != core.EUNAVAILABLE || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// Whatever somebody types, it stays within its quotation marks: the query has the parts that it was given.
func TestNothingTypedIsLanguage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`["\\{}|=~!,\x60\n\[\]()$*. or]{1,12}`))
		s := core.LogSearch{TenantID: text.Draw(t, "tenant"), AppID: text.Draw(t, "app"), Instance: text.Draw(t, "instance"),
			Words: []string{text.Draw(t, "word")}, Not: []string{text.Draw(t, "not")},
			Fields: []core.LogField{{Name: text.Draw(t, "name"), Value: text.Draw(t, "value")}}}
		q, err := query(s)
		if core.ErrorCode(err) == core.EINVALID {
			return
		}
		parsed, err := lokitest.ParseLogQL(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		stages := 4
		if plain.MatchString(s.Fields[0].Value) {
			stages++
		}
		got := core.LogSearch{TenantID: parsed.Labels["tenant"], AppID: parsed.Labels["app"], Instance: parsed.Labels["instance"]}
		if len(parsed.Stages) != stages || got.TenantID != s.TenantID || got.AppID != s.AppID || got.Instance != s.Instance {
			t.Fatalf("%s: %d stages, %q", q, len(parsed.Stages), parsed.Labels)
		}
	})
}

// The windows of a search touch each other, none is longer than allowed, and together they are all that is searched.
func TestWindowsCoverTheTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Now()
		to := from.Add(time.Duration(rapid.Int64Range(0, int64(4000*24*time.Hour)).Draw(t, "length")))
		forward := rapid.Bool().Draw(t, "forward")
		var all []window
		for w := range windows(from, to, forward) {
			all = append(all, w)
		}
		if !forward {
			slices.Reverse(all)
		}
		at := from
		for _, w := range all {
			if !w.from.Equal(at) || w.to.Sub(w.from) > longest || !w.to.After(w.from) {
				t.Fatalf("%v behind %v", w, at)
			}
			at = w.to
		}
		if !at.Equal(to) || len(all) > 200 {
			t.Fatalf("%d windows until %v of %v", len(all), at, to)
		}
	})
}
