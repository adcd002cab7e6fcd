package handlers

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

// eventful is a Service that knows only events, the newest first as a store answers them.
type eventful struct {
	Service
	events []core.Event
	asked  int
}

func (s *eventful) MayReadLogs(context.Context, string) error { return nil }

func (s *eventful) Events(_ context.Context, f core.EventFilter) (page []core.Event, err error) {
	s.asked++
	for _, e := range s.events {
		if len(page) < f.Limit && (f.Before == "" || e.ID < f.Before) {
			page = append(page, e)
		}
	}
	return page, nil
}

// happen adds so many events, each a minute before the one added last.
func (s *eventful) happen(kind string, n int) (last time.Time) {
	for range n {
		at := newestEvent.Add(-time.Duration(len(s.events)) * time.Minute)
		s.events = append(s.events, core.Event{ID: core.LeastID(at), Kind: kind, CreatedAt: at, Text: core.T("event." + kind)})
		last = at
	}
	return last
}

var newestEvent = time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)

// answerOf asks a handler past the routes, in English.
func answerOf(t *testing.T, h *Handlers, handler echo.HandlerFunc, address string) *httptest.ResponseRecorder {
	t.Helper()
	var err error
	if h.Messages, err = i18n.Load(); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := h.Localize(handler)(echo.New().NewContext(httptest.NewRequest(http.MethodGet, address, nil), w)); err != nil {
		t.Fatal(err)
	}
	return w
}

func marksOf(t *testing.T, s *eventful, from, to time.Time) (marks []logMark) {
	t.Helper()
	q := url.Values{"from": {from.Format(time.RFC3339)}}
	if !to.IsZero() {
		q.Set("to", to.Format(time.RFC3339))
	}
	h := &Handlers{Service: s}
	w := answerOf(t, h, h.logMarks, "/?"+q.Encode())
	if err := json.Unmarshal(w.Body.Bytes(), &marks); err != nil {
		t.Fatal(err, w.Body)
	}
	return marks
}

// A log of last week is marked, however much has happened since.
func TestLogsAreMarkedBehindAHundredEvents(t *testing.T) {
	var s eventful
	s.happen("certificate_renewed", 150)
	s.happen("crashed", 20)
	oldest := s.happen("scaled", 30)
	s.happen("crashed", 1)
	marks := marksOf(t, &s, oldest, time.Time{})
	if len(marks) != 50 || !marks[49].Time.Equal(oldest) || marks[0].Time.Before(marks[1].Time) {
		t.Errorf("%d are marked, want the 50 since %s: %+v", len(marks), oldest, marks)
	}
}

func TestAPastLogIsMarkedWithWhatHappenedThen(t *testing.T) {
	var s eventful
	end := s.happen("crashed", 900)
	begin := s.happen("scaled", 10)
	marks := marksOf(t, &s, begin, end)
	if len(marks) != 10 || !marks[9].Time.Equal(begin) {
		t.Errorf("%d are marked, want the 10 of before %s", len(marks), end)
	}
}

// What is marked has an end, and what is read for it, however much happens.
func TestMarksHaveAnEnd(t *testing.T) {
	for kind, want := range map[string]int{"crashed": maxMarks, "certificate_renewed": 0} {
		var s eventful
		oldest := s.happen(kind, 2000)
		if marks := marksOf(t, &s, oldest, time.Time{}); len(marks) != want || s.asked > markPages {
			t.Errorf("%d are marked of 2000 of %s, want %d; %d pages were read", len(marks), kind, want, s.asked)
		}
	}
}
