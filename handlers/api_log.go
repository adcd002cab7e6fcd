package handlers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

// apiSearchLogs answers a list of lines, the newest first or for order=oldest the oldest; those around a position for
// around=; or all that match as a file, for format=ndjson and format=text.
func (h *Handlers) apiSearchLogs(c echo.Context) error {
	v, err := query(c, append([]string{"cursor", "limit", "order", "format", "around"}, logParams...)...)
	if err != nil {
		return err
	}
	s, err := logSearch(c.Param("app"), v)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if v.Get("around") != "" {
		lines, err := h.linesAround(ctx, s, v)
		if err != nil {
			return err
		}
		return answerList(c, lines, "", newLogLineJSON)
	}
	switch format := v.Get("format"); format {
	case "", "json":
	case "ndjson", "text":
		return h.fileLogs(c, s, format)
	default:
		return core.Invalid("format", "error.log_format")
	}
	lines, more, err := h.Service.SearchLogs(ctx, s)
	if err != nil {
		return err
	}
	next := ""
	if more {
		next = lines[len(lines)-1].Position().String()
	}
	return answerList(c, lines, next, newLogLineJSON)
}

const (
	usualContext = 20 // lines on each side
	mostContext  = 200
)

// linesAround returns what is around the position that the address names.
func (h *Handlers) linesAround(ctx context.Context, s core.LogSearch, v url.Values) ([]core.LogRecord, error) {
	at, err := core.ParseLogPosition("around", v.Get("around"))
	if err != nil {
		return nil, err
	}
	n := usualContext
	if text := v.Get("limit"); text != "" {
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > mostContext {
			return nil, core.Invalid("limit", "error.number_range", "min", "1", "max", strconv.Itoa(mostContext))
		}
	}
	return h.Service.LogsAround(ctx, s, at, n)
}

// fileLines is the most that a file holds.
var fileLines = 500_000

// fileLogs sends all lines of a search as a file, page by page. A file that does not hold all of them says so at its end.
func (h *Handlers) fileLogs(c echo.Context, s core.LogSearch, format string) error {
	ctx := c.Request().Context()
	s.Limit = core.MaxLogPage
	lines, more, err := h.Service.SearchLogs(ctx, s)
	if err != nil {
		return err
	}
	head := c.Response().Header()
	ending, kind, write, end := "ndjson", "application/x-ndjson", writeNDJSON, endNDJSON
	if format == "text" {
		ending, kind, write, end = "log", "text/plain; charset=utf-8", writeText, endText
	}
	head.Set(echo.HeaderContentType, kind)
	head.Set(echo.HeaderContentDisposition, fmt.Sprintf(`attachment; filename="%s.%s"`, s.AppID, ending))
	head.Set(echo.HeaderCacheControl, "no-store")
	c.Response().WriteHeader(http.StatusOK)
	out := bufio.NewWriter(c.Response())
	for sent := 0; ; {
		for _, r := range lines {
			write(out, r)
		}
		sent += len(lines)
		if more {
			s.Beyond = lines[len(lines)-1].Position()
		}
		full := more && sent >= fileLines
		if full {
			end(out, s.Beyond, i18n.T(ctx, "logs.file_full", "lines", strconv.Itoa(sent), "cursor", s.Beyond.String()))
		}
		if err := out.Flush(); err != nil {
			panic(http.ErrAbortHandler) // the file would look whole
		}
		if full || !more {
			return nil
		}
		if lines, more, err = h.Service.SearchLogs(ctx, s); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func writeNDJSON(w io.Writer, r core.LogRecord) { _ = json.NewEncoder(w).Encode(newLogLineJSON(r)) }

func writeText(w io.Writer, r core.LogRecord) {
	fmt.Fprintf(w, "%s %s %s %s %s\n", r.Time.UTC().Format(time.RFC3339Nano), r.Instance, r.Version, r.Stream, r.Line)
}

// logFileEnd is the last object of a file that does not hold all lines: no line, but where to go on.
type logFileEnd struct {
	Next   string `json:"next"`
	Detail string `json:"detail"`
}

func endNDJSON(w io.Writer, next core.LogPosition, detail string) {
	_ = json.NewEncoder(w).Encode(logFileEnd{next.String(), detail})
}

func endText(w io.Writer, _ core.LogPosition, detail string) { fmt.Fprintf(w, "# %s\n", detail) }
