package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type supportJSON struct {
	ID        string            `json:"id"`
	Tenant    string            `json:"tenant"`
	User      string            `json:"user"`
	Name      string            `json:"name"`
	Reason    string            `json:"reason"`
	Lasts     string            `json:"lasts"`
	State     core.SupportState `json:"state"`
	CreatedAt time.Time         `json:"created_at"`
	ExpiresAt time.Time         `json:"expires_at"`
	DecidedBy string            `json:"decided_by,omitempty"`
	DecidedAt time.Time         `json:"decided_at,omitzero"`
	EndedBy   string            `json:"ended_by,omitempty"`
	EndedAt   time.Time         `json:"ended_at,omitzero"`
}

func newSupportJSON(s core.SupportSession) supportJSON {
	return supportJSON{ID: s.ID, Tenant: s.TenantID, User: s.UserID, Name: s.UserName, Reason: s.Reason, Lasts: s.Lasts.String(),
		State: s.StateAt(time.Now()), CreatedAt: s.CreatedAt, ExpiresAt: s.ExpiresAt, DecidedBy: s.DecidedBy,
		DecidedAt: s.DecidedAt, EndedBy: s.EndedBy, EndedAt: s.EndedAt}
}

type hitJSON struct {
	Kind       core.SupportKind `json:"kind"`
	Tenant     string           `json:"tenant"`
	TenantName string           `json:"tenant_name"`
	App        string           `json:"app,omitempty"`
	AppName    string           `json:"app_name,omitempty"`
	State      string           `json:"state,omitempty"`
	Instance   string           `json:"instance,omitempty"`
	Container  string           `json:"container,omitempty"`
	Host       string           `json:"host,omitempty"`
	Session    string           `json:"session"` // "open", "waiting" or "none": what one has there
}

func newHitJSON(h core.SupportHit) hitJSON {
	j := hitJSON{Kind: h.Kind, Tenant: h.TenantID, TenantName: h.TenantName, App: h.AppID, AppName: h.AppName,
		State: string(h.App), Instance: h.InstanceID, Container: h.ContainerID, Host: h.HostID, Session: "none"}
	if h.Instance != "" {
		j.State = instanceStatus(h.Instance)
	}
	switch {
	case h.Open:
		j.Session = "open"
	case h.Waiting:
		j.Session = "waiting"
	}
	return j
}

func (h *Handlers) apiSupportSearch(c echo.Context) error {
	values, err := query(c, "q")
	if err != nil {
		return err
	}
	hits, err := h.Service.FindForSupport(c.Request().Context(), values.Get("q"))
	if err != nil {
		return err
	}
	return answerList(c, hits, "", newHitJSON)
}

func (h *Handlers) apiSupportSessions(c echo.Context) error {
	values, err := query(c, "tenant", "active", "cursor", "limit")
	if err != nil {
		return err
	}
	n, err := limit(values, maxLimit)
	if err != nil {
		return err
	}
	f := core.SupportFilter{TenantID: values.Get("tenant"), Before: values.Get("cursor"), Limit: n}
	switch values.Get("active") {
	case "", "false":
	case "true":
		f.Active = time.Now()
	default:
		return core.Invalid("active", "error.field_type")
	}
	sessions, err := h.Service.SupportSessions(c.Request().Context(), f)
	if err != nil {
		return err
	}
	next := ""
	if len(sessions) == n {
		next = sessions[n-1].ID
	}
	return answerList(c, sessions, next, newSupportJSON)
}

func (h *Handlers) apiOpenSupport(c echo.Context) error {
	var in core.NewSupport
	var lasts string
	if err := bind(c, fields{"tenant": &in.TenantID, "reason": &in.Reason, "lasts": &lasts}); err != nil {
		return err
	}
	if err := required(map[string]string{"tenant": in.TenantID, "reason": in.Reason}); err != nil {
		return err
	}
	if lasts != "" {
		d, err := time.ParseDuration(lasts)
		if err != nil {
			return core.Invalid("lasts", "error.field_type")
		}
		if in.Lasts = d; d == 0 {
			in.Lasts = -1
		}
	}
	session, err := h.Service.OpenSupport(c.Request().Context(), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newSupportJSON(session))
}

func (h *Handlers) apiEndSupport(c echo.Context) error {
	if err := h.Service.EndSupport(c.Request().Context(), c.Param("session")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func (h *Handlers) apiDecideSupport(c echo.Context) error {
	var agree *bool
	if err := bind(c, fields{"agree": &agree}); err != nil {
		return err
	}
	if agree == nil {
		return core.Invalid("agree", "error.field_missing")
	}
	session, err := h.Service.DecideSupport(c.Request().Context(), c.Param("session"), *agree)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newSupportJSON(session))
}

func (h *Handlers) apiSetConsent(c echo.Context) error {
	var ask *bool
	if err := bind(c, fields{"ask_first": &ask}); err != nil {
		return err
	}
	if ask == nil {
		return core.Invalid("ask_first", "error.field_missing")
	}
	if err := h.Service.AskConsent(c.Request().Context(), c.Param("tenant"), *ask); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}
