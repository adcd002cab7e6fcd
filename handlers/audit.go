package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/audit"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// auditShown is how many entries a page of the audit shows.
const auditShown = 50

func (h *Handlers) auditPage(c echo.Context) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	p.Section = layout.SectionAudit
	return h.renderAudit(c, audit.Page{Page: p})
}

func (h *Handlers) platformAuditPage(c echo.Context) error {
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Section = layout.SectionPlatform
	m := audit.Page{Page: p, Platform: true, Tenants: map[string]string{}}
	for _, t := range p.Tenants {
		m.Tenants[t.ID] = t.Name
	}
	return h.renderAudit(c, m)
}

// renderAudit shows what the address asks for. What is wrong with a filter stands at it, and nothing is shown.
func (h *Handlers) renderAudit(c echo.Context, m audit.Page) (err error) {
	ctx := c.Request().Context()
	m.Page.Title = i18n.T(ctx, "nav.audit")
	tenant := m.Page.Tenant.ID
	if m.Platform {
		m.Page.Title, tenant = i18n.T(ctx, "nav.platform_audit"), ""
	}
	m.Filter.Values = c.QueryParams()
	f, faults := pageFilter(c, tenant, m.Platform)
	if m.Actors, err = h.Service.AuditActors(ctx, tenant); err != nil {
		return err
	}
	status := http.StatusOK
	if err = faults; err == nil {
		m.Entries, m.Next, err = h.Service.Audit(ctx, f)
	}
	if err != nil {
		if core.ErrorCode(err) != core.EINVALID {
			return err
		}
		m.Filter.Form, status = ui.NewForm().Fail(err), http.StatusUnprocessableEntity
	}
	if !m.Platform {
		if m.Apps, _, err = h.Service.Apps(ctx, core.AppFilter{TenantID: tenant, Limit: 100}); err != nil {
			return err
		}
	}
	return render(c, status, audit.AuditPage(m))
}

// pageFilter reads a filter as the page's form sends it: days in the reader's time zone, both of them whole.
func pageFilter(c echo.Context, tenant string, platform bool) (core.AuditFilter, error) {
	values := c.QueryParams()
	f := auditFilterOf(values, tenant)
	f.Platform, f.Limit = platform && values.Get("everywhere") == "", auditShown
	zone := i18n.From(c.Request().Context()).Zone()
	var faults core.Faults
	day := func(name string) time.Time {
		text := values.Get(name)
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			faults.Add(name, "error.audit_day")
		}
		return t
	}
	f.From, f.To = day("from"), day("to")
	if !f.To.IsZero() {
		f.To = f.To.AddDate(0, 0, 1)
	}
	return f, faults.Err()
}

// auditFilterOf reads what pages and the API have in common.
func auditFilterOf(values url.Values, tenant string) core.AuditFilter {
	return core.AuditFilter{TenantID: tenant, AppID: strings.TrimSpace(values.Get("app")), Actor: values.Get("by"),
		Action: values.Get("action"), Outcome: core.AuditOutcome(values.Get("outcome")),
		Search: strings.TrimSpace(values.Get("q")), Cursor: values.Get("cursor")}
}

func (h *Handlers) exportAudit(c echo.Context) error {
	p, err := h.tenantPage(c)
	if err != nil {
		return err
	}
	return h.exportPage(c, p.Tenant.ID, false)
}

func (h *Handlers) exportPlatformAudit(c echo.Context) error { return h.exportPage(c, "", true) }

func (h *Handlers) exportPage(c echo.Context, tenant string, platform bool) error {
	f, err := pageFilter(c, tenant, platform)
	if err != nil {
		return err
	}
	return h.exportEntries(c, f, c.QueryParam("format"))
}

// apiPlatformAudit is of the platform, or with ?everywhere=true of all tenants too.
func (h *Handlers) apiPlatformAudit(c echo.Context) error { return h.answerAudit(c, "", "everywhere") }

func (h *Handlers) apiAudit(c echo.Context) error { return h.answerAudit(c, c.Param("tenant")) }

func (h *Handlers) answerAudit(c echo.Context, tenant string, also ...string) error {
	values, err := query(c, append(also, "app", "by", "action", "outcome", "q", "from", "to", "cursor", "limit", "format")...)
	if err != nil {
		return err
	}
	f, err := apiAuditFilter(values, tenant)
	if err != nil {
		return err
	}
	if format := values.Get("format"); format != "" && format != "json" {
		return h.exportEntries(c, f, format)
	}
	ctx := c.Request().Context()
	entries, next, err := h.Service.Audit(ctx, f)
	if err != nil {
		return err
	}
	words := i18n.From(ctx)
	return answerList(c, entries, next, func(e core.AuditEntry) auditJSON { return newAuditJSON(words, e) })
}

// apiAuditFilter reads a filter as programs send it: times are RFC 3339.
func apiAuditFilter(values url.Values, tenant string) (core.AuditFilter, error) {
	f := auditFilterOf(values, tenant)
	var faults core.Faults
	moment := func(name string) time.Time {
		text := values.Get(name)
		if text == "" {
			return time.Time{}
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			faults.Add(name, "error.audit_time")
		}
		return t
	}
	f.From, f.To = moment("from"), moment("to")
	n, err := limit(values, auditShown)
	faults.Merge("limit", err)
	f.Limit = n
	if tenant == "" {
		switch values.Get("everywhere") {
		case "", "false":
			f.Platform = true
		case "true":
		default:
			faults.Add("everywhere", "error.field_type")
		}
	}
	return f, faults.Err()
}

// auditName is what a file of the audit is called.
func auditName(tenant, ending string, now time.Time) string {
	if tenant == "" {
		tenant = "berth"
	}
	return "audit-" + tenant + "-" + now.UTC().Format(time.DateOnly) + "." + ending
}
