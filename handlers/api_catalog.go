package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type catalogJSON struct {
	Name     string      `json:"name"`
	Title    string      `json:"title"`
	Summary  string      `json:"summary,omitempty"`
	Port     int         `json:"port"`
	Versions []string    `json:"versions"` // the default first
	Plans    []core.Plan `json:"plans"`    // the default first
	Storage  bool        `json:"storage"`  // keeps its data when it is restarted
}

func newCatalogJSON(lang string, e core.CatalogEntry) catalogJSON {
	versions := make([]string, len(e.Versions))
	for i, v := range e.Versions {
		versions[i] = v.Version
	}
	summary := e.Summary[lang]
	if summary == "" {
		summary = e.Summary["en"]
	}
	plans := e.Plans
	if plans == nil {
		plans = []core.Plan{}
	}
	return catalogJSON{e.Name, e.Title, summary, e.Port, versions, plans, e.VolumePath != ""}
}

func (h *Handlers) apiCatalog(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	entries, err := h.Service.Catalog(ctx)
	if err != nil {
		return err
	}
	lang := i18n.From(ctx).Lang()
	return answerList(c, entries, "", func(e core.CatalogEntry) catalogJSON { return newCatalogJSON(lang, e) })
}

type connectionJSON struct {
	Host   string            `json:"host"`
	Port   int               `json:"port"`
	URI    string            `json:"uri"`
	Values map[string]string `json:"values"`
	Env    map[string]string `json:"env"`
}

func (h *Handlers) apiConnection(c echo.Context) error {
	conn, err := h.Service.Connection(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	answer := connectionJSON(conn)
	if answer.Values == nil {
		answer.Values = map[string]string{}
	}
	if answer.Env == nil {
		answer.Env = map[string]string{}
	}
	return c.JSON(http.StatusOK, answer)
}
