package handlers

import (
	"bufio"
	"context"
	"encoding/csv"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"

	"berth/core"
)

const (
	requestsShown = 50   // on a page
	requestsFiled = 5000 // in a file
)

// accessQuery reads what a list of requests is narrowed to. Errors: EINVALID.
func accessQuery(c echo.Context, also ...string) (core.AccessQuery, error) {
	values, err := query(c, append(also, "status", "path", "source", "cursor")...)
	if err != nil {
		return core.AccessQuery{}, err
	}
	q := core.AccessQuery{Status: values.Get("status"), Path: values.Get("path"), Source: values.Get("source"), Limit: requestsShown}
	if text := values.Get("cursor"); text != "" {
		us, err := strconv.ParseInt(text, 10, 64)
		if err != nil || us <= 0 || us > 1<<53 {
			return q, core.Invalid("cursor", "error.cursor_malformed")
		}
		q.Before = time.UnixMicro(us)
	}
	return q, nil
}

// accessJSON is one request. Everything in it but the numbers came from outside.
type accessJSON struct {
	Time     time.Time  `json:"time"`
	Domain   string     `json:"domain"`
	Source   string     `json:"source"`
	Method   string     `json:"method"`
	Path     string     `json:"path"` // without the query
	Protocol string     `json:"protocol"`
	Status   int        `json:"status"` // 0 when the client left before it was answered
	In       int64      `json:"bytes_in"`
	Out      int64      `json:"bytes_out"`
	Duration float64    `json:"duration_ms"`
	Instance string     `json:"instance,omitempty"`
	Version  string     `json:"version,omitempty"`
	Fault    core.Fault `json:"fault,omitempty"`
	Agent    string     `json:"user_agent"`
	Missed   int        `json:"missed,omitempty"` // left out before this one, in a stream
}

func newAccessJSON(l core.AccessLine) accessJSON {
	return accessJSON{Time: l.Time.UTC(), Domain: l.Domain, Source: l.Source, Method: l.Method, Path: l.Path, Protocol: l.Protocol, Status: l.Status,
		In: l.In, Out: l.Out, Duration: float64(l.Took.Microseconds()) / 1000, Instance: l.Instance, Version: l.Version, Fault: l.Fault, Agent: l.Agent}
}

// apiRequests answers a list, or a file for format=csv.
func (h *Handlers) apiRequests(c echo.Context) error {
	q, err := accessQuery(c, "limit", "format")
	if err != nil {
		return err
	}
	switch c.QueryParam("format") {
	case "csv":
		return h.fileRequests(c, q)
	case "", "json":
	default:
		return core.Invalid("format", "error.access_format")
	}
	if q.Limit, err = limit(c.QueryParams(), requestsShown); err != nil {
		return err
	}
	page, err := h.Service.AccessLog(c.Request().Context(), c.Param("app"), q)
	if err != nil {
		return err
	}
	next := ""
	if !page.Until.IsZero() {
		next = strconv.FormatInt(page.Until.UnixMicro(), 10)
	}
	return answerList(c, page.Lines, next, newAccessJSON)
}

func (h *Handlers) requestsFile(c echo.Context) error {
	q, err := accessQuery(c)
	if err != nil {
		return err
	}
	return h.fileRequests(c, q)
}

var requestColumns = []string{"time", "domain", "source", "method", "path", "protocol", "status", "bytes_in", "bytes_out", "duration_ms", "instance",
	"version", "fault", "user_agent"}

// fileRequests sends the newest requests that match as a table.
func (h *Handlers) fileRequests(c echo.Context, q core.AccessQuery) error {
	ctx, appID := c.Request().Context(), c.Param("app")
	q.Limit = core.MaxAccessLines
	page, err := h.Service.AccessLog(ctx, appID, q)
	if err != nil {
		return err
	}
	head := c.Response().Header()
	head.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	head.Set(echo.HeaderCacheControl, "no-store")
	head.Set(echo.HeaderContentDisposition, `attachment; filename="`+appID+`-requests.csv"`)
	c.Response().WriteHeader(http.StatusOK)
	out := bufio.NewWriter(c.Response())
	io.WriteString(out, "\ufeff")
	lines := csv.NewWriter(out)
	lines.UseCRLF = true
	lines.Write(requestColumns)
	for sent := 0; ; {
		for _, l := range page.Lines {
			lines.Write(requestCells(l))
		}
		lines.Flush()
		if err := out.Flush(); err != nil {
			panic(http.ErrAbortHandler) // the file would look whole
		}
		sent += len(page.Lines)
		if q.Before = page.Until; q.Before.IsZero() || sent >= requestsFiled {
			return nil
		}
		if page, err = h.Service.AccessLog(ctx, appID, q); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func requestCells(l core.AccessLine) []string {
	j := newAccessJSON(l)
	cells := []string{j.Time.Format("2006-01-02T15:04:05.000000Z"), j.Domain, j.Source, j.Method, j.Path, j.Protocol, strconv.Itoa(j.Status),
		strconv.FormatInt(j.In, 10), strconv.FormatInt(j.Out, 10), strconv.FormatFloat(j.Duration, 'f', 3, 64), j.Instance, j.Version, string(j.Fault), j.Agent}
	for i := range cells {
		cells[i] = inert(cells[i])
	}
	return cells
}

// RequestsSocket streams the requests of an app to come over a websocket, a JSON object each.
func (h *Handlers) RequestsSocket(c echo.Context) error {
	q, err := accessQuery(c)
	if err != nil {
		return err
	}
	r := c.Request()
	ctx, appID := r.Context(), c.Param("app")
	if IdentityFrom(ctx).Cookie && !h.ownOrigin(r) {
		return core.Errorf(core.EFORBIDDEN, "error.cross_site")
	}
	if err := h.Service.MayInspect(ctx, appID); err != nil {
		return err
	}
	if err := q.Validate(); err != nil {
		return err
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return core.Errorf(core.EINVALID, "error.websocket_only")
	}
	s := &logSocket{patience: h.times()}
	s.may = func(ctx context.Context) error {
		ctx, err := reidentify(ctx)
		if err != nil {
			return err
		}
		return h.Service.MayInspect(ctx, appID)
	}
	s.stream = func(ctx context.Context) error {
		return h.Service.FollowAccess(ctx, appID, q, func(l core.AccessLine, missed int) error {
			j := newAccessJSON(l)
			j.Missed = missed
			return s.write(j)
		})
	}
	return h.openSocket(c, s)
}

// failedJSON is what failed while a release took over.
type failedJSON struct {
	Served  int64               `json:"served"`
	Failed  int64               `json:"failed"`
	Begun   time.Time           `json:"begun_at,omitzero"`
	Ended   time.Time           `json:"ended_at,omitzero"` // left out while it is counted
	Failure []failedRequestJSON `json:"requests"`          // the first of those that failed
}

type failedRequestJSON struct {
	Time     time.Time  `json:"time"`
	Domain   string     `json:"domain"`
	Method   string     `json:"method"`
	Path     string     `json:"path"`
	Status   int        `json:"status"`
	Fault    core.Fault `json:"fault"`
	Instance string     `json:"instance,omitempty"`
	Version  string     `json:"version,omitempty"`
}

func (h *Handlers) apiFailedRequests(c echo.Context) error {
	n, err := number(c.Param("release"))
	if err != nil {
		return err
	}
	s, err := h.Service.SwitchCounts(c.Request().Context(), c.Param("app"), n)
	if err != nil {
		return err
	}
	out := failedJSON{Served: s.Served, Failed: s.Failed, Begun: s.BegunAt, Ended: s.EndedAt, Failure: []failedRequestJSON{}}
	for _, f := range s.Failures {
		out.Failure = append(out.Failure, failedRequestJSON{f.Time.UTC(), f.Domain, f.Method, f.Path, f.Status, f.Fault, f.Instance, f.Version})
	}
	return c.JSON(http.StatusOK, out)
}
