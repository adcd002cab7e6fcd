package handlers

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/paths"
	"berth/views/port"
	"berth/views/ui"
)

func (h *Handlers) portsPage(c echo.Context) error {
	return h.renderPorts(c, http.StatusOK, port.Page{New: port.NewForm(core.OriginFrom(c.Request().Context()).Peer)})
}

func (h *Handlers) renderPorts(c echo.Context, status int, m port.Page) (err error) {
	if m.Page, m.Head, err = h.appPage(c, c.Param("app"), app.TabPorts); err != nil {
		return err
	}
	m.Page.Path, m.Off = paths.Ports(m.Head.App.ID), h.Service.TCPPool().Off()
	if m.Ports, err = h.Service.TCPPorts(c.Request().Context(), m.Head.App.ID); err != nil {
		return err
	}
	return render(c, status, port.PortsPage(m))
}

func (h *Handlers) openPort(c echo.Context) error {
	in := portForm(c)
	if in.TLS = tlsWords[c.FormValue("tls")]; in.TLS == core.TCPPlain {
		in.ServerName = "" // the form does not show it then
	}
	var err error
	if text := strings.TrimSpace(c.FormValue("port")); text != "" {
		if in.Port, err = strconv.Atoi(text); err != nil || in.Port < 1 {
			err = core.Invalid("port", "error.number_range", "min", "1", "max", "65535")
		}
	}
	if err == nil {
		_, err = h.Service.OpenTCPPort(c.Request().Context(), c.Param("app"), in)
	}
	if err == nil {
		return redirect(c, paths.Ports(c.Param("app")))
	}
	form, ok := failed(typedPort(c), err)
	if !ok {
		return err
	}
	return h.renderPorts(c, http.StatusUnprocessableEntity, port.Page{New: form})
}

func (h *Handlers) changePort(c echo.Context) error {
	ctx, in := c.Request().Context(), portForm(c)
	var err error
	if in.Port, err = number(c.Param("port")); err != nil {
		return err
	}
	ports, err := h.Service.TCPPorts(ctx, c.Param("app"))
	if err != nil {
		return err
	}
	for _, v := range ports {
		if v.Port == in.Port && v.ServerName == in.ServerName {
			in.TLS = v.TLS
		}
	}
	if _, err = h.Service.ChangeTCPPort(ctx, c.Param("app"), in); err == nil {
		return redirect(c, paths.Ports(c.Param("app")))
	}
	form, ok := failed(typedPort(c), err)
	if !ok {
		return err
	}
	edited := core.TCPRoute{Port: in.Port, ServerName: in.ServerName}
	return h.renderPorts(c, http.StatusUnprocessableEntity, port.Page{New: port.NewForm(core.OriginFrom(ctx).Peer), Edit: edited.ID(), Form: form})
}

func (h *Handlers) closePort(c echo.Context) error {
	n, err := number(c.Param("port"))
	if err == nil {
		err = h.Service.CloseTCPPort(c.Request().Context(), c.Param("app"), n, c.FormValue("server_name"))
	}
	if err != nil {
		return err
	}
	return redirect(c, paths.Ports(c.Param("app")))
}

// portForm reads who may connect: an address or a network a line.
func portForm(c echo.Context) core.TCPPortInput {
	in := core.TCPPortInput{ServerName: strings.TrimSpace(c.FormValue("server_name")), Everybody: c.FormValue("who") == port.Everybody,
		Deny: strings.Fields(c.FormValue("deny")), Proxy: c.FormValue("proxy") == "on"}
	if !in.Everybody {
		in.Allow = strings.Fields(c.FormValue("allow"))
	}
	return in
}

func typedPort(c echo.Context) ui.Form {
	f := ui.NewForm()
	for _, name := range []string{"who", "allow", "deny", "proxy", "tls", "server_name", "port"} {
		f.Values[name] = c.FormValue(name)
	}
	return f
}
