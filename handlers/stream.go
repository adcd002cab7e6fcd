package handlers

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"berth/core"
)

// The times of a stream.
const (
	streamGap       = 250 * time.Millisecond // at least, between two looks
	streamLively    = 2 * time.Second        // between looks without a change, while things move
	streamCalm      = 5 * time.Second        // the same while nothing does
	streamCooling   = 15 * time.Second       // without news until a stream is calm
	streamHeartbeat = 15 * time.Second
)

// Fragment renders what a page shows now, for the actor in ctx.
type Fragment func(ctx context.Context) (templ.Component, error)

// live says what a stream of server-sent events shows.
type live struct {
	fragment Fragment
	concerns func(core.Change) bool

	// done names the last event of a stream that has an end; nil when it has none. It looks before the fragment is
	// rendered, so that what was sent last shows the end.
	done func(ctx context.Context) (event string, err error)
}

// stream sends l's fragment as a "message" event whenever it differs from the one sent before, until the browser
// goes, the server stops, or the actor may not see it any more. A change only says when to look.
func (h *Handlers) stream(c echo.Context, l live) error {
	closing, end, err := h.streams.begin()
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	free, err := h.streams.take("error.live_many", maxLive, core.ActorFrom(ctx))
	if err != nil {
		return err
	}
	defer free()
	changes := h.Service.Subscribe(ctx) // before the first look, so that nothing falls in between
	s := &sender{live: l, out: c.Response(), timer: http.NewResponseController(c.Response()),
		patience: h.times()}
	if err := s.look(ctx); err != nil || s.ended {
		return err
	}
	return s.run(ctx, changes, closing)
}

// sender is one stream that is being sent.
type sender struct {
	live
	patience
	out    *echo.Response
	timer  *http.ResponseController
	last   []byte
	lookAt time.Time // the last look
	newsAt time.Time // the last time that there was something to send
	ended  bool
}

// run looks again for as long as it makes sense. The answer has begun, so its errors end it without a word.
func (s *sender) run(ctx context.Context, changes <-chan core.Change, closing context.Context) error {
	next := time.NewTimer(streamLively)
	heartbeat, recheck := time.NewTicker(streamHeartbeat), time.NewTicker(s.recheck)
	defer next.Stop()
	defer heartbeat.Stop()
	defer recheck.Stop()
	for !s.ended {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-closing.Done():
			return nil
		case change, open := <-changes:
			if !open {
				changes = nil
			} else if s.concerns(change) {
				next.Reset(max(0, streamGap-time.Since(s.lookAt)))
			}
			continue
		case <-recheck.C:
			ctx, err = reidentify(ctx)
		case <-heartbeat.C:
			err = s.write([]byte(": still here\n\n"))
		case <-next.C:
			err = s.look(ctx)
			next.Reset(s.pause())
		}
		if err != nil && core.ErrorCode(err) != core.EUNAVAILABLE {
			return nil
		}
	}
	return nil
}

func (s *sender) pause() time.Duration {
	if time.Since(s.newsAt) < streamCooling {
		return streamLively
	}
	return streamCalm
}

// look renders the fragment and sends it if it is news.
func (s *sender) look(ctx context.Context) error {
	s.lookAt = time.Now()
	var last string
	var err error
	if s.done != nil {
		if last, err = s.done(ctx); err != nil {
			return err
		}
	}
	var page bytes.Buffer
	if last != lastGone {
		component, err := s.fragment(ctx)
		if err != nil {
			return err
		}
		if err := component.Render(ctx, &page); err != nil {
			return err
		}
	}
	if page.Len() > 0 && !bytes.Equal(page.Bytes(), s.last) {
		s.last, s.newsAt = page.Bytes(), time.Now()
		if err := s.write(eventOf("message", s.last)); err != nil {
			return err
		}
	}
	if last != "" {
		s.ended = true
		return s.write(eventOf("done", []byte(last)))
	}
	return nil
}

// eventOf writes data as a server-sent event.
func eventOf(name string, data []byte) []byte {
	var b bytes.Buffer
	b.WriteString("event: " + name + "\n")
	for line := range bytes.Lines(bytes.ReplaceAll(data, []byte("\r"), nil)) {
		b.WriteString("data: ")
		b.Write(bytes.TrimSuffix(line, []byte("\n")))
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	return b.Bytes()
}

func (s *sender) write(data []byte) error {
	if !s.out.Committed {
		header := s.out.Header()
		header.Set(echo.HeaderContentType, "text/event-stream; charset=utf-8")
		header.Set(echo.HeaderCacheControl, "no-store")
		header.Set("X-Accel-Buffering", "no") // a proxy in front must not collect
		s.out.WriteHeader(http.StatusOK)
	}
	_ = s.timer.SetWriteDeadline(time.Now().Add(s.patience.write)) // not every transport has deadlines
	if _, err := s.out.Write(data); err != nil {
		return err
	}
	return s.timer.Flush()
}
