// Package storetest is what every core.LogStore must pass.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// Begin is when the lines of the tests were written; a store must accept lines of yesterday.
var Begin = time.Now().UTC().Add(-24 * time.Hour).Truncate(time.Second)

// Patience is how long lines may take to be forgotten.
var Patience = time.Minute

// Test runs the suite. Every test has apps of its own in the store.
func Test(t *testing.T, store core.LogStore) {
	for name, f := range map[string]func(*house){
		"Newest first, page by page": newestFirst, "Oldest first": oldestFirst, "Words": words, "Filters": filters,
		"Fields of JSON": fields, "Any text": anyText, "Tenants are apart": tenantsApart, "Times": times,
		"Forget": forget, "Same moment": sameMoment, "Epoch": epoch,
	} {
		t.Run(name, func(t *testing.T) { f(&house{T: t, LogStore: store, tenant: core.NewID(), app: "shop"}) })
	}
}

type house struct {
	*testing.T
	core.LogStore
	tenant, app string
	n           int
}

// line makes a line, four milliseconds after the one before: a time that milliseconds and floating point can tell.
func (h *house) line(instance, text string) core.LogRecord {
	h.n++
	return core.LogRecord{TenantID: h.tenant, AppID: h.app, LogLine: core.LogLine{Time: Begin.Add(time.Duration(h.n) * 4 * time.Millisecond),
		Instance: instance, Version: "1.0", Stream: "stdout", Line: text}}
}

func (h *house) append(lines ...core.LogRecord) {
	h.Helper()
	if err := h.Append(h.Context(), lines); err != nil {
		h.Fatal(err)
	}
	last := lines[len(lines)-1]
	for end := time.Now().Add(time.Minute); ; {
		found, err := h.Times(h.Context(), last.Instance, last.Time)
		if err != nil {
			h.Fatal(err)
		}
		if len(found) > 0 {
			return
		}
		if time.Now().After(end) {
			h.Fatal("the lines do not appear")
		}
	}
}

func (h *house) search(s core.LogSearch) ([]core.LogRecord, bool) {
	h.Helper()
	if s.TenantID == "" {
		s.TenantID, s.AppID = h.tenant, h.app
	}
	if s.Limit == 0 {
		s.Limit = 100
	}
	lines, more, err := h.Search(h.Context(), s)
	if err != nil {
		h.Fatal(err)
	}
	return lines, more
}

// expect says which lines a search finds, the newest first.
func (h *house) expect(what string, s core.LogSearch, want ...string) {
	h.Helper()
	found, _ := h.search(s)
	if got := texts(found); !slices.Equal(got, want) {
		h.Errorf("%s: found %q, want %q", what, got, want)
	}
}

func texts(lines []core.LogRecord) []string {
	all := []string{}
	for _, l := range lines {
		all = append(all, l.Line)
	}
	return all
}

func (h *house) numbered(n int) []core.LogRecord {
	var all []core.LogRecord
	for i := range n {
		all = append(all, h.line([]string{"a", "b", "c"}[i%3], fmt.Sprintf("line %d", i)))
	}
	return all
}

func newestFirst(h *house) {
	all := h.numbered(57)
	h.append(all...)
	slices.Reverse(all)
	var got []core.LogRecord
	s := core.LogSearch{Limit: 10}
	for {
		page, more := h.search(s)
		got = append(got, page...)
		if !more {
			break
		}
		s.Beyond = page[len(page)-1].Position()
	}
	if !slices.Equal(got, all) {
		h.Errorf("got %q", texts(got))
	}
}

func oldestFirst(h *house) {
	all := h.numbered(10)
	h.append(all...)
	got, more := h.search(core.LogSearch{Beyond: all[3].Position(), Forward: true, Limit: 4})
	if !slices.Equal(got, all[4:8]) || !more {
		h.Errorf("got %q, more %v", texts(got), more)
	}
}

func words(h *house) {
	h.append(h.line("a", "Connection to 10.0.0.1 refused"), h.line("a", "connected"), h.line("a", `path "C:\temp" is 100% (full)*`),
		h.line("a", "Überlauf 数据库 错误"))
	h.expect("part of a word, whatever the case", core.LogSearch{Words: []string{"CONNECT"}}, "connected", "Connection to 10.0.0.1 refused")
	h.expect("all words", core.LogSearch{Words: []string{"connect", "refused"}}, "Connection to 10.0.0.1 refused")
	h.expect("a phrase", core.LogSearch{Words: []string{"to 10.0.0.1"}}, "Connection to 10.0.0.1 refused")
	h.expect("a dot is a dot", core.LogSearch{Words: []string{"10.0.0x1"}})
	h.expect("without a word", core.LogSearch{Words: []string{"connect"}, Not: []string{"Refused"}}, "connected")
	h.expect("signs", core.LogSearch{Words: []string{`"C:\temp"`, "100%", "(full)*"}}, `path "C:\temp" is 100% (full)*`)
	h.expect("letters of all the world", core.LogSearch{Words: []string{"überlauf", "数据库"}}, "Überlauf 数据库 错误")
}

func filters(h *house) {
	a, b, c := h.line("a", "one"), h.line("b", "two"), h.line("c", "three")
	b.Version, b.Stream, b.Level, b.Part = "2.0", "stderr", core.LogError, true
	c.Dropped = 7
	h.append(a, b, c)
	if found, _ := h.search(core.LogSearch{}); !slices.Equal(found, []core.LogRecord{c, b, a}) {
		h.Errorf("found %+v", found)
	}
	h.expect("instance", core.LogSearch{Instance: "c"}, "three")
	h.expect("version", core.LogSearch{Version: "2.0"}, "two")
	h.expect("stream", core.LogSearch{Stream: "stderr"}, "two")
	h.expect("level", core.LogSearch{Level: core.LogError}, "two")
	h.expect("from", core.LogSearch{From: b.Time}, "three", "two")
	h.expect("to", core.LogSearch{To: b.Time}, "one")
	h.expect("from and to", core.LogSearch{From: b.Time, To: c.Time}, "two")
}

func fields(h *house) {
	h.append(h.line("a", `{"status":500,"user":{"name":"Ada \"L\""},"ok":true}`), h.line("a", `{"status":5000}`), h.line("a", `status 500`))
	h.expect("a number", core.LogSearch{Fields: []core.LogField{{Name: "status", Value: "500"}}}, `{"status":500,"user":{"name":"Ada \"L\""},"ok":true}`)
	h.expect("a nested one", core.LogSearch{Fields: []core.LogField{{Name: "user.name", Value: `Ada "L"`}}}, `{"status":500,"user":{"name":"Ada \"L\""},"ok":true}`)
	h.expect("two", core.LogSearch{Fields: []core.LogField{{Name: "ok", Value: "true"}, {Name: "status", Value: "5000"}}})
}

func anyText(h *house) {
	lines := []core.LogRecord{}
	for _, text := range []string{"", "\x00\x1f\x7f", "\x1b[31mred\x1b[0m", "a\tb", "\u202ereversed", "\ufffd", "</script>", "end\\",
		strings.Repeat("x", core.MaxLogLine), strings.Repeat("\x01", core.MaxLogLine)} {
		lines = append(lines, h.line("a", text))
	}
	h.append(lines...)
	slices.Reverse(lines)
	if got, _ := h.search(core.LogSearch{}); !slices.Equal(got, lines) {
		h.Errorf("got %.2000q, want %.2000q", texts(got), texts(lines))
	}
}

func tenantsApart(h *house) {
	h.append(h.line("a", "mine"))
	theirs := h.line("b", "theirs")
	theirs.TenantID = core.NewID()
	other := h.line("c", "of another app")
	other.AppID = "tea"
	h.append(theirs, other)
	h.expect("own lines", core.LogSearch{}, "mine")
	for _, odd := range []string{`x"} or {app="shop`, "*", `shop",tenant=~".*`} {
		h.expect("an odd tenant", core.LogSearch{TenantID: odd, AppID: odd})
	}
}

func times(h *house) {
	instance := core.NewInstanceID()
	all := []core.LogRecord{h.line(instance, "0"), h.line(instance, "1"), h.line(core.NewInstanceID(), "of another"), h.line(instance, "2")}
	if err := h.Append(h.Context(), all); err != nil {
		h.Fatal(err)
	}
	got, err := h.Times(h.Context(), instance, all[1].Time)
	slices.SortFunc(got, time.Time.Compare)
	if err != nil || !slices.Equal(got, []time.Time{all[1].Time, all[3].Time}) {
		h.Errorf("got %v, %v", got, err)
	}
}

func forget(h *house) {
	all := h.numbered(4)
	other := h.line("x", "of another app")
	other.AppID = "tea"
	h.append(append(all, other)...)
	h.forget("shop", all[2].Time)
	h.expectSoon(core.LogSearch{}, "line 3", "line 2")
	h.forget("", other.Time.Add(1))
	h.expectSoon(core.LogSearch{})
	h.expectSoon(core.LogSearch{TenantID: h.tenant, AppID: "tea"})
}

func (h *house) forget(app string, before time.Time) {
	h.Helper()
	if err := h.Forget(context.WithoutCancel(h.Context()), h.tenant, app, before); err != nil {
		h.Fatal(err)
	}
}

// expectSoon is expect for what takes a while.
func (h *house) expectSoon(s core.LogSearch, want ...string) {
	h.Helper()
	for end := time.Now().Add(Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if found, _ := h.search(s); slices.Equal(texts(found), append([]string{}, want...)) {
			return
		}
	}
	h.expect("after a while", s, want...)
}

// sameMoment pages through lines of one nanosecond.
func sameMoment(h *house) {
	var all []core.LogRecord
	at := h.line("", "").Time
	for i := range 20 {
		l := h.line(fmt.Sprintf("%02d", i), fmt.Sprint(i))
		l.Time = at
		all = append(all, l)
	}
	h.append(all...)
	slices.Reverse(all)
	first, more := h.search(core.LogSearch{Limit: 7})
	second, _ := h.search(core.LogSearch{Beyond: first[6].Position()})
	if got := append(first, second...); !more || !slices.Equal(got, all) {
		h.Errorf("got %q", texts(got))
	}
}

func epoch(h *house) {
	first, err := h.Epoch(h.Context())
	second, again := h.Epoch(h.Context())
	if err != nil || again != nil || first != second {
		h.Errorf("%q, %v, then %q, %v", first, err, second, again)
	}
}
