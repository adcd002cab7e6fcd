package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

// LogQuery says with which lines to begin.
type LogQuery struct {
	Cursor string // behind this one; "" begins with the last Tail lines
	Tail   int

	Instance string // one of the app's; "" for all of them
	PastOnly bool   // end behind the lines that are there
}

// Logs calls see with every line of an app's instances, as it came and read, until the app is gone, see returns an
// error or ctx ends. A connection that breaks is made again, and goes on behind the last line that was seen: none is
// lost, none comes twice. reconnect, when not nil, is told why.
func (c *Client) Logs(ctx context.Context, app string, q LogQuery, see func(Answer[core.LogLine]) error, reconnect func(error)) error {
	wait, met := backoff{}, false
	for {
		conn, err := c.dialLogs(ctx, app, q)
		if err == nil {
			met = true
			err = readLogs(ctx, conn, func(l Answer[core.LogLine]) error {
				wait = backoff{}
				if l.Value.Cursor != "" {
					q.Cursor = l.Value.Cursor
				}
				if err := see(l); err != nil {
					return seen{err}
				}
				return nil
			})
		}
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isSeen(err):
			return errors.Unwrap(err)
		case websocket.IsCloseError(err, websocket.CloseNormalClosure):
			return nil
		case websocket.IsCloseError(err, websocket.ClosePolicyViolation, websocket.CloseMessageTooBig):
			return c.whyNot(ctx, app)
		case !met || !broken(err):
			return err
		}
		if reconnect != nil {
			reconnect(err)
		}
		if err := sleep(ctx, wait.next()); err != nil {
			return err
		}
	}
}

// seen is an error of the one who reads the lines.
type seen struct{ error }

func (s seen) Unwrap() error { return s.error }

func isSeen(err error) bool { _, ok := err.(seen); return ok }

// broken reports whether an error is about the connection and not about what was asked.
func broken(err error) bool {
	if _, refused := errors.AsType[*Error](err); refused {
		return passing(err)
	}
	return true
}

// backoff waits longer each time.
type backoff struct{ last time.Duration }

func (b *backoff) next() time.Duration {
	b.last = min(max(2*b.last, 200*time.Millisecond), 5*time.Second)
	return b.last
}

// silence is how long a connection may be without a sign of life; the server sends one every 15 seconds.
const silence = 45 * time.Second

func (c *Client) dialLogs(ctx context.Context, app string, q LogQuery) (*websocket.Conn, error) {
	query := url.Values{}
	if q.Cursor != "" {
		query.Set("since", q.Cursor)
	} else {
		query.Set("tail", strconv.Itoa(q.Tail))
	}
	if q.Instance != "" {
		query.Set("instance", q.Instance)
	}
	if q.PastOnly {
		query.Set("follow", "false")
	}
	req, err := c.request(ctx, http.MethodGet, appPath(app, "/logs"), query, nil)
	if err != nil {
		return nil, err
	}
	req.URL.Scheme = map[string]string{"http": "ws", "https": "wss"}[req.URL.Scheme]
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: dialTimeout}
	conn, res, err := dialer.DialContext(ctx, req.URL.String(), req.Header)
	if err == nil {
		return conn, nil
	}
	if !errors.Is(err, websocket.ErrBadHandshake) || res == nil {
		return nil, c.unreachable(ctx, err)
	}
	defer res.Body.Close()
	data, _ := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if len(data) >= 1024 { // as much as the dialer keeps of a refusal
		return nil, c.whyNot(ctx, app)
	}
	return nil, c.problem(res, data)
}

func readLogs(ctx context.Context, conn *websocket.Conn, see func(Answer[core.LogLine]) error) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	alive := func() { _ = conn.SetReadDeadline(time.Now().Add(silence)) }
	answer := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		alive()
		return answer(data)
	})
	for {
		alive()
		_, data, err := conn.ReadMessage()
		if err != nil {
			return err
		}
		line := Answer[core.LogLine]{JSON: trimmed(data)}
		if err := json.Unmarshal(data, &line.Value); err != nil {
			return err
		}
		if err := see(line); err != nil {
			return err
		}
	}
}

// trimmed is a message without the line break that ends it.
func trimmed(data []byte) json.RawMessage {
	for len(data) > 0 && (data[len(data)-1] == '\n' || data[len(data)-1] == '\r') {
		data = data[:len(data)-1]
	}
	return data
}

// whyNot says why a socket was refused or closed: the same question without one is answered in words.
func (c *Client) whyNot(ctx context.Context, app string) error {
	if _, err := c.App(ctx, app); err != nil {
		return err
	}
	return &Error{Status: http.StatusUnprocessableEntity, Code: core.EINVALID,
		Detail: "Berth closed the log, since it cannot go on from this line. Begin anew, without --since."}
}
