package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/i18n"
	"berth/views/logs"
)

// logsPage shows what an app writes: live, and what it wrote before. Without JavaScript it shows what was found.
func (h *Handlers) logsPage(c echo.Context) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabLogs)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	m := logs.Page{Page: p, Head: head}
	if m.Instances, err = h.Service.Instances(ctx, head.App.ID); err != nil {
		return err
	}
	s, err := h.pageSearch(c)
	if err == nil {
		m.Lines, m.More, err = h.Service.SearchLogs(ctx, s)
	}
	if e, ok := errors.AsType[*core.Error](err); ok && (e.Code == core.EINVALID || e.Code == core.EUNAVAILABLE) {
		m.Fault = e.Message // the live log goes on without the others
		if len(e.Fields) > 0 {
			m.Fault = e.Fields[0].Message
		}
	} else if err != nil {
		return err
	}
	m.Search, m.Given = s, given(c.QueryParams())
	return render(c, http.StatusOK, logs.LogsPage(m))
}

// given is the search in an address, without what is empty, so that links carry it on.
func given(values url.Values) url.Values {
	kept := url.Values{}
	for _, name := range append([]string{"range"}, logParams...) {
		for _, v := range values[name] {
			if v != "" {
				kept.Add(name, v)
			}
		}
	}
	return kept
}

// pageSearch reads a search as the form of the page sends it: a range, or the days and hours that somebody chose in
// their own time zone.
func (h *Handlers) pageSearch(c echo.Context, also ...string) (core.LogSearch, error) {
	zone := i18n.From(c.Request().Context()).Zone()
	values := given(c.QueryParams())
	for _, name := range also {
		if v := c.QueryParam(name); v != "" {
			values.Set(name, v)
		}
	}
	switch r := values.Get("range"); r {
	case "", "custom":
	default:
		values.Set("from", r)
		values.Del("to")
	}
	values.Del("range")
	for _, name := range []string{"from", "to"} {
		if at, err := time.ParseInLocation("2006-01-02T15:04", values.Get(name), zone); err == nil {
			values.Set(name, at.Format(time.RFC3339))
		}
	}
	return logSearch(c.Param("app"), values)
}

type logPage struct {
	Items []logLineJSON `json:"items"`
	Next  string        `json:"next,omitempty"`
}

// logLines answers the page: lines that were found, or those around one.
func (h *Handlers) logLines(c echo.Context) error {
	s, err := h.pageSearch(c, "cursor", "limit", "around")
	if err != nil {
		return err
	}
	ctx, page := c.Request().Context(), logPage{Items: []logLineJSON{}}
	var lines []core.LogRecord
	var more bool
	if around := c.QueryParam("around"); around != "" {
		lines, err = h.linesAround(ctx, s, url.Values{"around": {around}})
	} else {
		lines, more, err = h.Service.SearchLogs(ctx, s)
	}
	if err != nil {
		return err
	}
	for _, r := range lines {
		page.Items = append(page.Items, newLogLineJSON(r))
	}
	if more {
		page.Next = lines[len(lines)-1].Position().String()
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.JSON(http.StatusOK, page)
}

type logMark struct {
	ID    string     `json:"id"`
	Time  time.Time  `json:"time"`
	Text  string     `json:"text"`
	Level core.Level `json:"level"`
}

// unmarked are the kinds of events that say nothing about what an app writes, by their beginning.
var unmarked = []string{"domain_", "certificate_", "port_", "app_", "version_", "fetch_", "delete_"}

// ofLog reports whether an event is marked between the lines of a log.
func ofLog(e core.Event) bool {
	return !slices.ContainsFunc(unmarked, func(kind string) bool { return strings.HasPrefix(e.Kind, kind) })
}

// logMarks answers the page: what happened to the app, the newest first, back to a time, and of a search in the past
// before another.
func (h *Handlers) logMarks(c echo.Context) error {
	ctx, app, now := c.Request().Context(), c.Param("app"), time.Now()
	from, err := moment(c.QueryParam("from"), now)
	if err != nil {
		return core.Invalid("from", "error.log_time")
	}
	to, err := moment(c.QueryParam("to"), now)
	if err != nil {
		return core.Invalid("to", "error.log_time")
	}
	if err := h.Service.MayReadLogs(ctx, app); err != nil {
		return err
	}
	events, err := h.happened(ctx, app, from, to, ofLog)
	if err != nil {
		return err
	}
	marks := []logMark{}
	for _, e := range events {
		marks = append(marks, logMark{ID: e.ID, Time: e.CreatedAt.UTC(), Text: i18n.Text(ctx, e.Text), Level: e.Level})
	}
	c.Response().Header().Set(echo.HeaderCacheControl, "no-store")
	return c.JSON(http.StatusOK, marks)
}

// logFile sends all that a search finds, from a cursor on where a file before has ended.
func (h *Handlers) logFile(c echo.Context) error {
	s, err := h.pageSearch(c, "cursor")
	if err != nil {
		return err
	}
	format := c.QueryParam("format")
	if format != "ndjson" {
		format = "text"
	}
	return h.fileLogs(c, s, format)
}
