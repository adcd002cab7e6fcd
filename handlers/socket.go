package handlers

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"berth/core"
)

// The limits of a socket.
const (
	socketPing     = 15 * time.Second
	socketSilence  = 40 * time.Second // without a pong until a viewer counts as gone
	socketMaxFrame = 4 << 10
	socketMaxRate  = 20 // messages a second; a viewer has nothing to say
	socketLinger   = time.Second
)

// logSocket is one viewer of what an app writes, or of its requests.
type logSocket struct {
	conn   *websocket.Conn
	stream func(ctx context.Context) error // writes lines until ctx ends
	may    func(ctx context.Context) error // whether the viewer may still look
	said   messageRate
	patience
}

// closeReason is why a socket is closed, as a status code of RFC 6455.
type closeReason int

func (r closeReason) Error() string { return "closed with " + strconv.Itoa(int(r)) }

// serve streams lines until the viewer goes, loses the right to look or the server stops. Most of the time a viewer
// waits, so it has two goroutines and no more: one that reads and one that writes.
func (s *logSocket) serve(ctx context.Context, closing context.Context) {
	ctx, stop := context.WithCancelCause(ctx)
	reader := make(chan struct{})
	go func() {
		defer close(reader)
		stop(s.read())
	}()
	defer context.AfterFunc(closing, func() { stop(closeReason(websocket.CloseGoingAway)) })()
	every(ctx, socketPing, func() { s.ping(stop) })
	every(ctx, s.recheck, func() { s.look(ctx, stop) })
	if err := s.stream(ctx); err != nil {
		stop(err)
	}
	stop(closeReason(websocket.CloseNormalClosure))
	s.close(context.Cause(ctx), reader)
}

// recovered keeps a fault to the viewer on which it shows.
func (s *logSocket) recovered() {
	if p := recover(); p != nil {
		slog.Error("a viewer's stream panicked", "panic", p, "stack", string(debug.Stack()))
		s.conn.Close()
	}
}

// every calls f time and again until ctx ends, with no goroutine in between.
func every(ctx context.Context, pause time.Duration, f func()) {
	var timer *time.Timer
	timer = time.AfterFunc(time.Hour, func() {
		if ctx.Err() == nil {
			f()
			timer.Reset(pause)
		}
	})
	timer.Reset(pause)
	context.AfterFunc(ctx, func() { timer.Stop() })
}

func (s *logSocket) write(line any) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(s.patience.write)); err != nil {
		return err
	}
	return s.conn.WriteJSON(line)
}

// begin says how little the viewer may say, and for how long it may be silent.
func (s *logSocket) begin() {
	answerPing := s.conn.PingHandler()
	s.conn.SetReadLimit(socketMaxFrame)
	s.conn.SetPongHandler(s.alive)
	s.conn.SetPingHandler(func(data string) error {
		if err := s.alive(data); err != nil {
			return err
		}
		return answerPing(data)
	})
	_ = s.alive("")
}

func (s *logSocket) alive(string) error {
	_ = s.conn.SetReadDeadline(time.Now().Add(socketSilence))
	return s.said.count()
}

// read throws away what the viewer says, but notices that it goes and that it says too much.
func (s *logSocket) read() error {
	for {
		_, message, err := s.conn.NextReader()
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, message); err != nil {
			return err
		}
		if err := s.alive(""); err != nil {
			return err
		}
	}
}

// messageRate counts messages by the second.
type messageRate struct {
	second   time.Time
	messages int
}

func (r *messageRate) count() error {
	if now := time.Now(); now.Sub(r.second) > time.Second {
		r.second, r.messages = now, 0
	}
	if r.messages++; r.messages > socketMaxRate {
		return closeReason(websocket.ClosePolicyViolation)
	}
	return nil
}

// ping keeps the connection awake.
func (s *logSocket) ping(stop context.CancelCauseFunc) {
	if err := s.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(s.patience.write)); err != nil {
		stop(err)
	}
}

// look finds out whether the viewer may still look.
func (s *logSocket) look(ctx context.Context, stop context.CancelCauseFunc) {
	if err := s.may(ctx); err != nil && core.ErrorCode(err) != core.EUNAVAILABLE {
		stop(closeReason(websocket.ClosePolicyViolation))
	}
}

// close says goodbye with the code that cause asks for. The reader goes on for a moment: closing a connection with
// unread bytes resets it, and the viewer would never see the code.
func (s *logSocket) close(cause error, reader <-chan struct{}) {
	deadline := time.Now().Add(socketLinger)
	message := websocket.FormatCloseMessage(closeCode(cause), "")
	_ = s.conn.WriteControl(websocket.CloseMessage, message, deadline)
	_ = s.conn.SetReadDeadline(deadline)
	select {
	case <-reader:
		_, _ = io.Copy(io.Discard, s.conn.NetConn())
	case <-time.After(socketLinger):
	}
	s.conn.Close()
	<-reader
}

// closeCode returns the code for why a stream of lines ended.
func closeCode(cause error) int {
	if reason, ok := errors.AsType[closeReason](cause); ok {
		return int(reason)
	}
	switch core.ErrorCode(cause) {
	case "":
		return websocket.CloseNormalClosure
	case core.EINVALID, core.EUNAUTHORIZED, core.EFORBIDDEN, core.ENOTFOUND:
		return websocket.ClosePolicyViolation
	case core.EUNAVAILABLE:
		return websocket.CloseTryAgainLater
	}
	if errors.Is(cause, websocket.ErrReadLimit) {
		return websocket.CloseMessageTooBig
	}
	return websocket.CloseInternalServerErr
}
