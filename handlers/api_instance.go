package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type instanceJSON struct {
	ID        string    `json:"id"`
	Version   string    `json:"version"`
	Release   int       `json:"release"`
	Host      string    `json:"host"`
	Address   string    `json:"address"`
	Status    string    `json:"status"`
	Reason    string    `json:"reason,omitempty"`
	ExitCode  int       `json:"exit_code,omitempty"`
	OOM       bool      `json:"out_of_memory,omitempty"`
	Crashes   int       `json:"crashes,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	ReadyAt   time.Time `json:"ready_at,omitzero"`
}

func newInstancesJSON(words *i18n.Localizer, instances []core.Instance) []instanceJSON {
	out := make([]instanceJSON, len(instances))
	for i, in := range instances {
		out[i] = instanceJSON{ID: in.ID, Version: in.Label, Release: in.Release, Host: in.HostID, Address: in.Address,
			Status: instanceStatus(in.State), Reason: words.Text(in.Reason), ExitCode: in.ExitCode, OOM: in.OOM, Crashes: in.Crashes,
			StartedAt: in.StartedAt, ReadyAt: in.ReadyAt}
	}
	return out
}

// instanceStatus is an instance's state in the word that people read: one that answers is running.
func instanceStatus(s core.InstanceState) string {
	if s == core.InstanceReady {
		return "running"
	}
	return string(s)
}

type trafficJSON struct {
	Requests  int64            `json:"requests"`
	Failed    int64            `json:"failed"`
	Recent    []int64          `json:"recent"` // in each of the last 60 whole seconds, oldest first
	Instances map[string]int64 `json:"instances"`
}

func (h *Handlers) apiTraffic(c echo.Context) error {
	t, err := h.Service.Traffic(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	answer := trafficJSON{t.Requests, t.Failed, t.Recent, t.Instances}
	if answer.Recent == nil {
		answer.Recent = []int64{}
	}
	if answer.Instances == nil {
		answer.Instances = map[string]int64{}
	}
	return c.JSON(http.StatusOK, answer)
}
