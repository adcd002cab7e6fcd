package handlers

import (
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

type portJSON struct {
	Port       int             `json:"port"`
	ServerName string          `json:"server_name,omitempty"`
	Address    string          `json:"address"` // that programs connect to
	TLS        string          `json:"tls"`
	Everybody  bool            `json:"everybody"`
	Allow      []string        `json:"allow"`
	Deny       []string        `json:"deny"`
	Proxy      bool            `json:"proxy_protocol"`
	Author     string          `json:"author"`
	CreatedAt  time.Time       `json:"created_at"`
	Traffic    *portCountsJSON `json:"traffic,omitempty"` // left out where no gateway of this process has the port
}

type portCountsJSON struct {
	Listening     bool   `json:"listening"`
	Problem       string `json:"problem,omitempty"`
	NoCertificate bool   `json:"no_certificate"`
	Open          int64  `json:"open"`
	Connections   int64  `json:"connections"`
	Refused       int64  `json:"refused"`
	Failed        int64  `json:"failed"`
	BytesIn       int64  `json:"bytes_in"`
	BytesOut      int64  `json:"bytes_out"`
}

// tlsWords are how the API calls what the gateway does with TLS.
var tlsWords = map[string]core.TCPTLS{"none": core.TCPPlain, "terminate": core.TCPTerminate, "passthrough": core.TCPPassThrough}

func newPortJSON(v core.TCPPortView) portJSON {
	j := portJSON{Port: v.Port, ServerName: v.ServerName, Address: net.JoinHostPort(v.Host, strconv.Itoa(v.Port)), Everybody: v.Everybody(),
		Allow: append([]string{}, v.Allow...), Deny: append([]string{}, v.Deny...), Proxy: v.Proxy, Author: v.Author, CreatedAt: v.CreatedAt}
	for word, tls := range tlsWords {
		if tls == v.TLS {
			j.TLS = word
		}
	}
	if c := v.Counts; v.Counted {
		j.Traffic = &portCountsJSON{c.Listening, c.Problem, c.NoCertificate, c.Open, c.Total, c.Refused, c.Failed, c.BytesIn, c.BytesOut}
	}
	return j
}

func (h *Handlers) apiPorts(c echo.Context) error {
	if _, err := query(c); err != nil {
		return err
	}
	ports, err := h.Service.TCPPorts(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	return answerList(c, ports, "", newPortJSON)
}

func (h *Handlers) apiOpenPort(c echo.Context) error {
	var in core.TCPPortInput
	var port *int
	err := portBody(c, &in, fields{"port": &port, "server_name": &in.ServerName})
	if err != nil {
		return err
	}
	if port != nil {
		if in.Port = *port; in.Port < 1 || in.Port > 65535 {
			return core.Invalid("port", "error.number_range", "min", "1", "max", "65535")
		}
	}
	view, err := h.Service.OpenTCPPort(c.Request().Context(), c.Param("app"), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, newPortJSON(view))
}

func (h *Handlers) apiChangePort(c echo.Context) error {
	var in core.TCPPortInput
	var err error
	if in.Port, in.ServerName, err = portOf(c); err != nil {
		return err
	}
	if err := portBody(c, &in, fields{}); err != nil {
		return err
	}
	view, err := h.Service.ChangeTCPPort(c.Request().Context(), c.Param("app"), in)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, newPortJSON(view))
}

func (h *Handlers) apiClosePort(c echo.Context) error {
	port, name, err := portOf(c)
	if err != nil {
		return err
	}
	return answerNothing(c, h.Service.CloseTCPPort(c.Request().Context(), c.Param("app"), port, name))
}

// portOf is which port a request is about: one that several names share is told by server_name.
func portOf(c echo.Context) (port int, serverName string, err error) {
	values, err := query(c, "server_name")
	if err != nil {
		return 0, "", err
	}
	port, err = number(c.Param("port"))
	return port, values.Get("server_name"), err
}

func portBody(c echo.Context, in *core.TCPPortInput, more fields) error {
	word := "none"
	more["tls"], more["everybody"], more["allow"], more["deny"], more["proxy_protocol"] = &word, &in.Everybody, &in.Allow, &in.Deny, &in.Proxy
	if err := bind(c, more); err != nil {
		return err
	}
	tls, ok := tlsWords[word]
	if !ok {
		return core.Invalid("tls", "error.tcp_tls")
	}
	in.TLS = tls
	return nil
}
