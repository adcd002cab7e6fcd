package client

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"
)

// How often an operation is asked for while it is being carried out: at first often, then less. And for how long a
// server that went away is waited for.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = time.Second
	patience   = time.Minute
)

// Operation returns how far an operation has come.
func (c *Client) Operation(ctx context.Context, id string) (Answer[Operation], error) {
	return ask[Operation](ctx, c, http.MethodGet, "/operations/"+segment(id), nil, nil)
}

// Follow calls see with the operation at first and whenever it has come further, until it has ended, and returns it as
// it is then. A server that does not answer for a moment is waited for.
func (c *Client) Follow(ctx context.Context, id string, see func(Answer[Operation]) error) (Answer[Operation], error) {
	answered, pause := time.Now(), firstPause
	var last Answer[Operation]
	for {
		now, err := c.Operation(ctx, id)
		switch {
		case err == nil:
			answered = time.Now()
			if !bytes.Equal(now.JSON, last.JSON) {
				last = now
				if err := see(now); err != nil {
					return now, err
				}
			}
			if now.Value.Done() {
				return now, nil
			}
		case !passing(err) || time.Since(answered) > patience:
			return last, err
		}
		if err := sleep(ctx, pause); err != nil {
			return last, err
		}
		pause = min(pause+pause/8, lastPause)
	}
}

// passing reports whether the same may well succeed in a moment.
func passing(err error) bool {
	if _, ok := errors.AsType[*Unreachable](err); ok {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Status == http.StatusServiceUnavailable || e.Status == http.StatusBadGateway ||
		e.Status == http.StatusGatewayTimeout || e.Status == http.StatusTooManyRequests)
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
