package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type appJSON struct {
	ID        string            `json:"id"`
	Tenant    string            `json:"tenant"`
	Name      string            `json:"name"`
	Service   *core.ServiceSpec `json:"service,omitempty"`
	URL       string            `json:"url,omitempty"`
	State     core.AppState     `json:"state"`
	Reason    string            `json:"reason,omitempty"`
	Release   int               `json:"release"` // that is to run; 0 before the first
	Serving   int               `json:"serving"` // whose instances answer; 0 when none does
	CreatedAt time.Time         `json:"created_at"`
	Version   string            `json:"version,omitempty"`   // on lists
	Instances any               `json:"instances,omitempty"` // counts on lists, the instances of a single app
}

type countJSON struct {
	Ready int `json:"ready"`
	Total int `json:"total"`
}

type createdApp struct {
	ID        string `json:"id"`
	URL       string `json:"url,omitempty"`
	Operation string `json:"operation,omitempty"` // of a service, which is deployed at once
}

func (h *Handlers) newAppJSON(words *i18n.Localizer, a core.App) appJSON {
	j := appJSON{ID: a.ID, Tenant: a.TenantID, Name: a.Name, Service: a.Service, State: a.State,
		Reason: words.Text(a.Reason), Release: a.Release, Serving: a.Serving, CreatedAt: a.CreatedAt}
	if !a.IsService() {
		j.URL = h.Service.URL(a.ID)
	}
	return j
}

func (h *Handlers) apiApps(c echo.Context) error {
	values, err := query(c, "tenant", "kind", "search", "cursor", "limit")
	if err != nil {
		return err
	}
	n, err := limit(values, maxLimit)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	apps, next, err := h.Service.Apps(ctx, core.AppFilter{TenantID: values.Get("tenant"), Kind: values.Get("kind"),
		Search: values.Get("search"), Cursor: values.Get("cursor"), Limit: n})
	if err != nil {
		return err
	}
	return answerList(c, apps, next, func(s core.AppSummary) appJSON {
		j := h.newAppJSON(i18n.From(ctx), s.App)
		j.Version, j.Instances = s.Version, countJSON{s.Instances.Ready, s.Instances.Total}
		return j
	})
}

func (h *Handlers) apiCreateApp(c echo.Context) error {
	var in core.NewApp
	err := bind(c, fields{"tenant": &in.TenantID, "name": &in.Name, "id": &in.ID,
		"service": &in.Service, "version": &in.Version, "plan": &in.Plan})
	if err != nil {
		return err
	}
	if err := required(map[string]string{"tenant": in.TenantID, "name": in.Name}); err != nil {
		return err
	}
	a, op, err := h.Service.CreateApp(c.Request().Context(), in)
	if err != nil {
		return err
	}
	answer := createdApp{ID: a.ID, Operation: op.ID}
	if !a.IsService() {
		answer.URL = h.Service.URL(a.ID)
	}
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/apps/"+a.ID)
	return c.JSON(http.StatusCreated, answer)
}

func (h *Handlers) apiApp(c echo.Context) error {
	ctx := c.Request().Context()
	a, err := h.Service.App(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	instances, err := h.Service.Instances(ctx, a.ID)
	if err != nil {
		return err
	}
	answers, err := h.Service.Health(ctx, a.ID)
	if err != nil {
		return err
	}
	words := i18n.From(ctx)
	answer := h.newAppJSON(words, a)
	answer.Instances = newInstancesJSON(words, instances, answers)
	return c.JSON(http.StatusOK, answer)
}

func (h *Handlers) apiRenameApp(c echo.Context) error {
	var name string
	if err := bind(c, fields{"name": &name}); err != nil {
		return err
	}
	if err := h.Service.RenameApp(c.Request().Context(), c.Param("app"), name); err != nil {
		return err
	}
	return h.apiApp(c)
}

// apiDeleteApp deletes with the name already typed, so to say: a program that names the app means it.
func (h *Handlers) apiDeleteApp(c echo.Context) error {
	values, err := query(c, "keep_data")
	if err != nil {
		return err
	}
	keep := values.Get("keep_data")
	if keep != "" && keep != "true" && keep != "false" {
		return core.Invalid("keep_data", "error.field_type")
	}
	ctx := c.Request().Context()
	a, err := h.Service.App(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	op, err := h.Service.DeleteApp(ctx, a.ID, a.Name, keep == "true")
	return answerAccepted(c, op, err)
}

func (h *Handlers) apiStopApp(c echo.Context) error {
	op, err := h.Service.StopApp(c.Request().Context(), c.Param("app"))
	return answerAccepted(c, op, err)
}

func (h *Handlers) apiStartApp(c echo.Context) error {
	op, err := h.Service.StartApp(c.Request().Context(), c.Param("app"))
	return answerAccepted(c, op, err)
}

func (h *Handlers) apiRestartApp(c echo.Context) error {
	op, err := h.Service.RestartApp(c.Request().Context(), c.Param("app"))
	return answerAccepted(c, op, err)
}
