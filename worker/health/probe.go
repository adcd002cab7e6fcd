// Package health asks instances, from outside, whether they are well.
package health

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"berth/core"
)

// Prober asks one instance once.
type Prober struct {
	http   *http.Client
	h2c    *http.Client
	dialer net.Dialer
}

// NewProber returns a Prober that follows no redirect, reuses no connection and reads core.MaxHealthBody at most.
func NewProber() *Prober {
	p := &Prober{}
	p.http = p.client(nil)
	h2c := &http.Protocols{}
	h2c.SetUnencryptedHTTP2(true)
	p.h2c = p.client(h2c)
	return p
}

func (p *Prober) client(protocols *http.Protocols) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			DialContext:            p.dialer.DialContext,
			DisableKeepAlives:      true,
			MaxResponseHeaderBytes: int64(core.MaxHealthBody),
			Proxy:                  nil,
			Protocols:              protocols,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Probe returns nil when the instance at address gives a good answer to q within timeout, unless its body goes on
// longer: what arrived until then is judged. q is of a kind that asks over the network: http, tcp or grpc.
// Errors: EUNREACHABLE, its message saying what was wrong with the answer.
func (p *Prober) Probe(ctx context.Context, address string, q core.Probe, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	switch q.Kind {
	case core.ProbeHTTP:
		return worded(p.get(ctx, address, q), timeout)
	case core.ProbeGRPC:
		return worded(p.checkGRPC(ctx, address, q), timeout)
	}
	conn, err := p.dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return worded(err, timeout)
	}
	return conn.Close()
}

func (p *Prober) get(ctx context.Context, address string, q core.Probe) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+q.Path, nil)
	if err != nil {
		return core.Wrap(err, core.EUNREACHABLE, "health.malformed")
	}
	req.Header.Set("User-Agent", "Berth-Health")
	res, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, int64(core.MaxHealthBody)))
	found := strings.Contains(string(body), q.Text)
	switch {
	case !q.Takes(res.StatusCode):
		return core.Errorf(core.EUNREACHABLE, "health.status", "status", strconv.Itoa(res.StatusCode), "path", q.Path,
			"expected", cmp.Or(q.Status, core.DefaultStatus))
	case found && q.Text != "": // whatever would have followed
		return nil
	case err != nil:
		return err
	case !found:
		return core.Errorf(core.EUNREACHABLE, "health.text", "text", q.Text, "path", q.Path)
	}
	return nil
}

// worded says what went wrong in words that a person can do something with.
func worded(err error, limit time.Duration) error {
	var timeout net.Error
	var known *core.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ECONNREFUSED):
		return core.Wrap(err, core.EUNREACHABLE, "health.refused")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return core.Wrap(err, core.EUNREACHABLE, "health.timeout", "seconds", core.Duration(limit).Seconds())
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return core.Wrap(err, core.EUNREACHABLE, "health.broken_off")
	}
	return core.Wrap(err, core.EUNREACHABLE, "health.malformed")
}
