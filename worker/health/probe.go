// Package health asks instances, from outside, whether they are well.
package health

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"berth/core"
)

// Prober asks one instance once.
type Prober struct {
	client *http.Client
	dialer net.Dialer
}

// NewProber returns a Prober that follows no redirect, reuses no connection and reads core.MaxHealthBody at most.
func NewProber() *Prober {
	p := &Prober{}
	p.client = &http.Client{
		Transport: &http.Transport{
			DialContext:            p.dialer.DialContext,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: int64(core.MaxHealthBody),
			Proxy:                  nil,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return p
}

// Probe returns nil when the instance at address answers check: it accepts a connection, or answers GET Path with
// a status below 400. Errors: EUNREACHABLE, its message saying what was wrong with the answer.
func (p *Prober) Probe(ctx context.Context, address string, check core.HealthCheck) error {
	check = check.WithDefaults()
	ctx, cancel := context.WithTimeout(ctx, time.Duration(check.Timeout))
	defer cancel()
	if check.Kind == "http" {
		return p.get(ctx, address, check)
	}
	conn, err := p.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return problem(err, check)
	}
	return conn.Close()
}

func (p *Prober) get(ctx context.Context, address string, check core.HealthCheck) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+check.Path, nil)
	if err != nil {
		return core.Wrap(err, core.EUNREACHABLE, "health.malformed")
	}
	req.Header.Set("User-Agent", "Berth-Health")
	res, err := p.client.Do(req)
	if err != nil {
		return problem(err, check)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, int64(core.MaxHealthBody))); err != nil {
		return problem(err, check)
	}
	if res.StatusCode >= 400 {
		return core.Errorf(core.EUNREACHABLE, "health.status", "status", strconv.Itoa(res.StatusCode), "path", check.Path)
	}
	return nil
}

func problem(err error, check core.HealthCheck) error {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return core.Wrap(err, core.EUNREACHABLE, "health.refused")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return core.Wrap(err, core.EUNREACHABLE, "health.timeout", "seconds", check.Timeout.Seconds())
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return core.Wrap(err, core.EUNREACHABLE, "health.broken_off")
	}
	return core.Wrap(err, core.EUNREACHABLE, "health.malformed")
}
