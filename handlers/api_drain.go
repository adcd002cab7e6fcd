package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type drainJSON struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Kind      core.DrainKind `json:"kind"`
	To        string         `json:"to"` // what may be read of the URL
	CreatedAt time.Time      `json:"created_at"`
	Sent      int64          `json:"sent"`
	SentAt    time.Time      `json:"sent_at,omitzero"`
	Lost      int64          `json:"lost"`
	LostFor   string         `json:"lost_for,omitempty"`
	Fault     string         `json:"fault,omitempty"`
	FaultAt   time.Time      `json:"fault_at,omitzero"`
}

// newDrainJSON words what is wrong in the language of the request.
func newDrainJSON(c echo.Context) func(core.LogDrain) drainJSON {
	words := i18n.From(c.Request().Context())
	return func(d core.LogDrain) drainJSON {
		return drainJSON{ID: d.ID, Name: d.Name, Kind: d.Kind, To: d.Shows, CreatedAt: d.CreatedAt, Sent: d.Sent, SentAt: d.SentAt,
			Lost: d.Lost, LostFor: words.Text(d.LostFor), Fault: words.Text(d.Fault), FaultAt: d.FaultAt}
	}
}

func (h *Handlers) apiDrains(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	drains, err := h.Service.LogDrains(c.Request().Context(), c.Param("tenant"))
	if err != nil {
		return err
	}
	return answerList(c, drains, "", newDrainJSON(c))
}

func (h *Handlers) apiCreateDrain(c echo.Context) error {
	d, t, err := drainBody(c)
	if err != nil {
		return err
	}
	d, err = h.Service.CreateLogDrain(c.Request().Context(), d, t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newDrainJSON(c)(d))
}

func (h *Handlers) apiChangeDrain(c echo.Context) error {
	d, t, err := drainBody(c)
	if err != nil {
		return err
	}
	d.ID = c.Param("drain")
	d, err = h.Service.ChangeLogDrain(c.Request().Context(), d, t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newDrainJSON(c)(d))
}

func (h *Handlers) apiDeleteDrain(c echo.Context) error {
	return answerNothing(c, h.Service.DeleteLogDrain(c.Request().Context(), c.Param("tenant"), c.Param("drain")))
}

func drainBody(c echo.Context) (core.LogDrain, core.DrainTarget, error) {
	d, t := core.LogDrain{TenantID: c.Param("tenant")}, core.DrainTarget{}
	err := bind(c, fields{"name": &d.Name, "kind": &d.Kind, "url": &t.URL, "header": &t.Header, "secret": &t.Secret, "ca": &t.CA})
	return d, t, err
}
