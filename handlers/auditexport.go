package handlers

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/audit"
	"berth/views/i18n"
)

type auditJSON struct {
	ID      string            `json:"id"`
	Time    time.Time         `json:"time"`
	Tenant  string            `json:"tenant,omitempty"` // left out for the platform
	App     string            `json:"app,omitempty"`
	Action  string            `json:"action"`
	Object  string            `json:"object,omitempty"`
	Text    string            `json:"text"`
	Outcome core.AuditOutcome `json:"outcome"`
	Reason  string            `json:"reason,omitempty"`
	Actor   auditActorJSON    `json:"actor"`
	Address string            `json:"address,omitempty"`
	Program string            `json:"program,omitempty"`
	Before  map[string]string `json:"before,omitempty"`
	After   map[string]string `json:"after,omitempty"`
}

type auditActorJSON struct {
	Kind string `json:"kind"` // user, token, system, nobody
	ID   string `json:"id,omitempty"`
	User string `json:"user,omitempty"` // the person behind a token
	Name string `json:"name,omitempty"`
}

func newAuditJSON(words *i18n.Localizer, e core.AuditEntry) auditJSON {
	kind := string(e.ActorKind)
	if e.ActorKind == core.ActorNobody {
		kind = "nobody"
	}
	return auditJSON{ID: e.ID, Time: e.CreatedAt.UTC(), Tenant: e.TenantID, App: e.AppID, Action: e.Action, Object: e.Object,
		Text: audit.Sentence(words, e, e.AppID), Outcome: e.Outcome, Reason: words.Text(e.Reason),
		Actor:   auditActorJSON{Kind: kind, ID: e.ActorID, User: e.UserID, Name: e.ActorName},
		Address: e.Peer, Program: e.Agent, Before: e.Before, After: e.After}
}

const (
	flushEvery     = 500              // entries
	exportPatience = 30 * time.Second // for a reader to take what was written
)

// exportEntries sends what the filter leaves as a file, entry by entry. The head is sent with the first one, so that a
// refusal is an answer of its own; what fails later breaks the connection, since the file would look whole.
func (h *Handlers) exportEntries(c echo.Context, f core.AuditFilter, format string) error {
	if format != "csv" && format != "jsonl" {
		return core.Invalid("format", "error.audit_format")
	}
	ctx := c.Request().Context()
	f.Cursor = ""
	out := &auditFile{c: c, buffer: bufio.NewWriterSize(c.Response(), 64<<10), tenant: f.TenantID}
	write := out.json(i18n.From(ctx))
	if format == "csv" {
		write = out.csv(i18n.From(ctx))
	}
	err := h.Service.ExportAudit(ctx, f, format, func(e core.AuditEntry) error {
		out.begin(format)
		if err := write(&e); err != nil {
			return err
		}
		return out.flush(false)
	})
	if err == nil {
		out.begin(format)
		if err = write(nil); err == nil {
			err = out.flush(true)
		}
	}
	if err != nil && out.begun {
		panic(http.ErrAbortHandler)
	}
	return err
}

// auditFile is a file on its way.
type auditFile struct {
	c      echo.Context
	buffer *bufio.Writer
	tenant string
	begun  bool
	since  int // entries since it was flushed
}

func (f *auditFile) begin(format string) {
	if f.begun {
		return
	}
	f.begun = true
	kind := "application/jsonl"
	if format == "csv" {
		kind = "text/csv; charset=utf-8"
	}
	head := f.c.Response().Header()
	head.Set(echo.HeaderContentType, kind)
	head.Set(echo.HeaderCacheControl, "no-store")
	head.Set(echo.HeaderContentDisposition, `attachment; filename="`+auditName(f.tenant, format, time.Now())+`"`)
	f.c.Response().WriteHeader(http.StatusOK)
}

func (f *auditFile) flush(end bool) error {
	if f.since++; f.since < flushEvery && !end {
		return nil
	}
	f.since = 0
	_ = http.NewResponseController(f.c.Response()).SetWriteDeadline(time.Now().Add(exportPatience)) // not every transport has deadlines
	if err := f.buffer.Flush(); err != nil {
		return err
	}
	f.c.Response().Flush()
	return nil
}

// json writes an object a line.
func (f *auditFile) json(words *i18n.Localizer) func(*core.AuditEntry) error {
	encoder := json.NewEncoder(f.buffer)
	encoder.SetEscapeHTML(false)
	return func(e *core.AuditEntry) error {
		if e == nil {
			return nil
		}
		return encoder.Encode(newAuditJSON(words, *e))
	}
}

// csvColumns are the first line of a file, in English so that programs may rely on them.
var csvColumns = []string{"time", "tenant", "app", "action", "object", "text", "outcome", "reason", "actor_kind", "actor_id",
	"actor_user", "actor_name", "address", "program", "before", "after"}

// csv writes a line an entry, behind a byte order mark by which spreadsheets know UTF-8. After the last one it is
// called with nil, so that an empty file has its columns.
func (f *auditFile) csv(words *i18n.Localizer) func(*core.AuditEntry) error {
	lines := csv.NewWriter(f.buffer)
	lines.UseCRLF = true
	begun := false
	return func(e *core.AuditEntry) error {
		if !begun {
			begun = true
			if _, err := io.WriteString(f.buffer, "\ufeff"); err != nil {
				return err
			}
			if err := lines.Write(csvColumns); err != nil {
				return err
			}
		}
		if e != nil {
			j := newAuditJSON(words, *e)
			before, after := csvChanges(words, *e)
			cells := []string{j.Time.Format("2006-01-02T15:04:05.000Z"), j.Tenant, j.App, j.Action, j.Object, j.Text, string(j.Outcome),
				j.Reason, j.Actor.Kind, j.Actor.ID, j.Actor.User, j.Actor.Name, j.Address, j.Program, before, after}
			for i := range cells {
				cells[i] = inert(cells[i])
			}
			if err := lines.Write(cells); err != nil {
				return err
			}
		}
		lines.Flush()
		return lines.Error()
	}
}

func csvChanges(words *i18n.Localizer, e core.AuditEntry) (before, after string) {
	var b, a []string
	for _, c := range audit.Changes(words, e) {
		if c.Before != "" {
			b = append(b, c.What+": "+c.Before)
		}
		if c.After != "" {
			a = append(a, c.What+": "+c.After)
		}
	}
	return strings.Join(b, "\n"), strings.Join(a, "\n")
}

// inert keeps a spreadsheet from taking a cell for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return "'" + cell
	}
	return cell
}
