package handlers

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/views/host"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/paths"
)

func (h *Handlers) hostsPage(c echo.Context) error { return h.renderHosts(c, "") }

func (h *Handlers) renderHosts(c echo.Context, freed string) error {
	ctx := c.Request().Context()
	hosts, err := h.Service.Hosts(ctx)
	if err != nil {
		return err
	}
	p, err := h.page(c, "")
	if err != nil {
		return err
	}
	p.Title, p.Section, p.Path = i18n.T(ctx, "nav.hosts"), layout.SectionHosts, paths.Hosts
	return render(c, http.StatusOK, host.HostsPage(host.Page{Page: p, Hosts: hosts, Freed: freed}))
}

func (h *Handlers) collectGarbage(c echo.Context) error {
	ctx := c.Request().Context()
	freed, err := h.Service.CollectGarbage(ctx)
	if err != nil {
		return err
	}
	if freed == 0 {
		return h.renderHosts(c, i18n.T(ctx, "host.nothing_freed"))
	}
	return h.renderHosts(c, i18n.T(ctx, "host.freed", "size", freed))
}
