package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type operationJSON struct {
	ID        string               `json:"id"`
	Tenant    string               `json:"tenant"`
	App       string               `json:"app"`
	Kind      core.OperationKind   `json:"kind"`
	Release   int                  `json:"release,omitempty"`
	Status    core.OperationStatus `json:"status"`
	Steps     []stepJSON           `json:"steps"`
	Error     string               `json:"error,omitempty"`
	Log       []string             `json:"log,omitempty"` // the last lines of the instance that failed
	Author    string               `json:"author,omitempty"`
	CreatedAt time.Time            `json:"created_at"`
	EndedAt   time.Time            `json:"ended_at,omitzero"`
}

type stepJSON struct {
	Name      string          `json:"name"`
	Status    core.StepStatus `json:"status"`
	Text      string          `json:"text,omitempty"`
	StartedAt time.Time       `json:"started_at,omitzero"`
	EndedAt   time.Time       `json:"ended_at,omitzero"`
}

func newOperationJSON(words *i18n.Localizer, o core.Operation) operationJSON {
	steps := make([]stepJSON, len(o.Steps))
	for i, s := range o.Steps {
		steps[i] = stepJSON{s.Name, s.Status, words.Text(s.Text), s.Started, s.Ended}
	}
	return operationJSON{o.ID, o.TenantID, o.AppID, o.Kind, o.Release, o.Status, steps, words.Text(o.Error), o.LogTail,
		o.Author, o.CreatedAt, o.EndedAt}
}

func (h *Handlers) apiOperation(c echo.Context) error {
	ctx := c.Request().Context()
	o, err := h.Service.Operation(ctx, c.Param("operation"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newOperationJSON(i18n.From(ctx), o))
}

func (h *Handlers) apiOperations(c echo.Context) error {
	values, err := query(c, "limit")
	if err != nil {
		return err
	}
	n, err := limit(values, maxLimit)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	operations, err := h.Service.Operations(ctx, c.Param("app"), n)
	if err != nil {
		return err
	}
	words := i18n.From(ctx)
	return answerList(c, operations, "", func(o core.Operation) operationJSON { return newOperationJSON(words, o) })
}
