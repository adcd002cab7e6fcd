package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/gorilla/websocket"
	"github.com/labstack/echo/v4"

	"berth/core"
)

const (
	defaultTail = 200
	maxTail     = 1000
)

// upgrader leaves the origin to Logs, which answers with the same errors as everything else.
var upgrader = websocket.Upgrader{
	HandshakeTimeout: usualPatience.write,
	ReadBufferSize:   1 << 10, // a viewer has nothing to say
	WriteBufferSize:  16 << 10,
	WriteBufferPool:  &sync.Pool{}, // a viewer that waits for lines needs none
	CheckOrigin:      func(*http.Request) bool { return true },
}

// Logs streams the lines of an app over a websocket, a JSON object a line, for pages and for programs alike.
// since=CURSOR begins behind that line, tail=N with the last N lines; instance=ID reads one of the instances only;
// follow=false ends behind the lines that are there. Asked without a websocket it searches: see apiSearchLogs.
func (h *Handlers) Logs(c echo.Context) error {
	if !websocket.IsWebSocketUpgrade(c.Request()) {
		return h.apiSearchLogs(c)
	}
	values, err := query(c, "since", "tail", "instance", "follow")
	if err != nil {
		return err
	}
	tail, err := tailOf(values)
	if err != nil {
		return err
	}
	follow := values.Get("follow")
	if follow != "" && follow != "true" && follow != "false" {
		return core.Invalid("follow", "error.field_type")
	}
	r := c.Request()
	ctx, appID := r.Context(), c.Param("app")
	if IdentityFrom(ctx).Cookie && !h.ownOrigin(r) {
		return core.Errorf(core.EFORBIDDEN, "error.cross_site")
	}
	if err := h.Service.MayReadLogs(ctx, appID); err != nil {
		return err
	}
	view := core.LogView{AppID: appID, InstanceID: values.Get("instance"), Cursor: values.Get("since"), Tail: tail,
		PastOnly: follow == "false"}
	s := &logSocket{patience: h.times()}
	s.may = func(ctx context.Context) error { return mayRead(ctx, h.Service, appID) }
	s.stream = func(ctx context.Context) error {
		return h.Service.StreamLogs(ctx, view, func(l core.LogLine) error { return s.write(l) })
	}
	return h.openSocket(c, s)
}

// openSocket takes a place among the person's sockets, makes the connection a websocket and has it served beside the
// request, which ends: what net/http and the handlers hold of it would stay for as long as the viewer looks.
func (h *Handlers) openSocket(c echo.Context, s *logSocket) error {
	ctx := c.Request().Context()
	free, err := h.streams.take("error.sockets_many", maxSockets, core.ActorFrom(ctx))
	if err != nil {
		return err
	}
	closing, end, err := h.streams.begin()
	if err != nil {
		free()
		return err
	}
	if s.conn, err = upgrader.Upgrade(c.Response(), c.Request(), nil); err != nil {
		free()
		end()
		return nil // it has answered
	}
	c.Response().Status = http.StatusSwitchingProtocols // for the log
	s.begin()
	ctx = outlasting(ctx)
	go func() {
		defer end()
		defer free()
		defer s.recovered()
		s.serve(ctx, closing)
	}()
	return nil
}

func tailOf(values url.Values) (int, error) {
	text := values.Get("tail")
	if text == "" {
		return defaultTail, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxTail {
		return 0, core.Invalid("tail", "error.number_range", "min", "0", "max", strconv.Itoa(maxTail))
	}
	return n, nil
}

// ownOrigin reports whether a page of the portal itself asks. A browser sends Origin with every websocket.
func (h *Handlers) ownOrigin(r *http.Request) bool {
	origin, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || origin.Host == "" {
		return false
	}
	portal, err := url.Parse(h.PortalURL)
	return origin.Host == r.Host || err == nil && origin.Scheme == portal.Scheme && origin.Host == portal.Host
}

// mayRead reports whether the actor of ctx, found anew, may still read what the app writes.
func mayRead(ctx context.Context, service Service, appID string) error {
	ctx, err := reidentify(ctx)
	if err != nil {
		return err
	}
	return service.MayReadLogs(ctx, appID)
}
