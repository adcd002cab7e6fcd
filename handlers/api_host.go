package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/i18n"
)

type hostJSON struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	Address   string            `json:"address"`
	Labels    map[string]string `json:"labels,omitempty"`
	Memory    core.Bytes        `json:"memory"`
	CPU       core.MilliCPU     `json:"cpu"`
	Arch      string            `json:"arch"`
	OS        string            `json:"os"`
	Engine    string            `json:"engine"`
	Cordoned  bool              `json:"cordoned"`
	Status    core.HostStatus   `json:"status"`
	Reason    string            `json:"reason,omitempty"`
	SeenAt    time.Time         `json:"seen_at,omitzero"`
	Instances int               `json:"instances"`
	Used      hostUseJSON       `json:"used"`
}

// hostUseJSON is what the instances on a host ask for, together.
type hostUseJSON struct {
	Memory core.Bytes    `json:"memory"`
	CPU    core.MilliCPU `json:"cpu"`
	Ports  int           `json:"ports"`
}

func (h *Handlers) apiHosts(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	ctx := c.Request().Context()
	hosts, err := h.Service.Hosts(ctx)
	if err != nil {
		return err
	}
	words := i18n.From(ctx)
	return answerList(c, hosts, "", func(s core.HostSummary) hostJSON {
		x := s.Host
		return hostJSON{x.ID, x.Name, x.Address, x.Labels, x.Memory, x.CPU, x.Arch, x.OS, x.Engine, x.Cordoned, x.Status,
			words.Text(x.Reason), x.SeenAt, s.Use.Instances, hostUseJSON{s.Use.Memory, s.Use.CPU, s.Use.Ports}}
	})
}

type collectedJSON struct {
	Freed core.Bytes `json:"freed"`
}

func (h *Handlers) apiCollectGarbage(c echo.Context) error {
	freed, err := h.Service.CollectGarbage(c.Request().Context())
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, collectedJSON{freed})
}
