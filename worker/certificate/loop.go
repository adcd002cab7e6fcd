package certificate

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"time"

	"berth/core"
)

// Options are what a Loop works with.
type Options struct {
	Store      core.Store
	Registry   core.Registry
	Sealer     core.Sealer
	Authority  *Authority // nil asks nobody
	BaseDomain string
	Publisher  core.Waker    // tells the gateways of routes, which may change when a certificate is there
	Notifier   core.Notifier // tells the pages; nil tells nobody
	Tick       time.Duration // how often everything is looked at; default 5s
	Pause      time.Duration // after a first failure, doubled each time, at most a day; default 10m
	Now        func() time.Time
	Log        *slog.Logger
}

// Loop sees to certificates. Make it with New.
type Loop struct {
	opts  Options
	owner string // of claims
	wake  chan struct{}
}

// New makes a Loop.
func New(o Options) *Loop {
	if o.Tick == 0 {
		o.Tick = 5 * time.Second
	}
	if o.Pause == 0 {
		o.Pause = 10 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Loop{opts: o, owner: core.NewID(), wake: make(chan struct{}, 1)}
}

const (
	issueIn   = 5 * time.Minute  // a whole order
	lease     = 10 * time.Minute // of a claim: longer than an order takes
	mostPause = 24 * time.Hour
)

// Wake has Run look soon. It never blocks.
func (l *Loop) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run publishes, asks for and renews certificates until ctx ends, and returns ctx.Err().
func (l *Loop) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.opts.Tick)
	defer ticker.Stop()
	for {
		if err := l.Look(ctx); err != nil && ctx.Err() == nil {
			l.opts.Log.Warn("certificates cannot be seen to; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		case <-l.wake:
		}
	}
}

// Look publishes what is there, says what ends, and asks for one certificate after the other until none is due. A
// worker asks for one at a time, so that no authority is pressed.
func (l *Loop) Look(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	if err := l.wantBase(ctx); err != nil {
		return err
	}
	if err := l.publish(ctx); err != nil {
		return err
	}
	if r, ok := l.opts.Registry.(core.FillableRegistry); ok {
		r.Filled(core.RegistryCertificates)
	}
	if err := l.warn(ctx); err != nil {
		return err
	}
	for l.opts.Authority != nil && ctx.Err() == nil {
		c, err := l.opts.Store.Certificates().Claim(ctx, l.opts.Now(), l.owner, lease)
		if err != nil || c.ID == "" {
			return err
		}
		if err := l.issue(ctx, c); err != nil && core.ErrorCode(err) != core.ENOTFOUND {
			return err
		}
		if err := l.publish(ctx); err != nil {
			return err
		}
	}
	return nil
}

// issue carries out a claim: one try, whose outcome is written either way.
func (l *Loop) issue(ctx context.Context, c core.Certificate) error {
	had := c.Chain != "" && c.Kind == core.CertificateAutomatic
	next, err := l.obtain(ctx, c)
	if ctx.Err() != nil {
		return ctx.Err() // the lease ends by itself
	}
	now := l.opts.Now()
	event := core.NewEvent(core.App{ID: c.AppID, TenantID: c.TenantID}, core.LevelGood, "certificate_issued", "domain", c.Domain)
	if had {
		event = core.NewEvent(core.App{ID: c.AppID, TenantID: c.TenantID}, core.LevelGood, "certificate_renewed", "domain", c.Domain)
	}
	if err != nil {
		l.opts.Log.Warn("a certificate was not had", "domain", c.Domain, "error", err)
		next = c
		next.Tries++
		next.Error, next.NextTry = words(err, c.Domain, l.opts.Authority.Directory), now.Add(l.pause(next.Tries))
		event = core.NewEvent(core.App{ID: c.AppID, TenantID: c.TenantID}, core.LevelWarning, "certificate_failed", "domain", c.Domain)
		event.Cause = next.Error
	}
	event.CreatedAt = now
	err = l.opts.Store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Certificates().Settle(ctx, next, l.owner); err != nil || c.AppID == "" {
			return err
		}
		if next.Error.Key == c.Error.Key && next.Tries > 1 {
			return nil // the timeline says once what goes on failing
		}
		return tx.Events().Create(ctx, event)
	})
	l.tell(c)
	return err
}

// pause is how long to wait after so many failures.
func (l *Loop) pause(tries int) time.Duration {
	return min(l.opts.Pause<<min(tries-1, 16), mostPause)
}

// obtain asks the authority. It returns c with what is to be presented from now on.
func (l *Loop) obtain(ctx context.Context, c core.Certificate) (core.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, issueIn)
	defer cancel()
	client := l.opts.Authority.client(c, l.opts.Registry, l.opts.Log)
	account, err := l.account(ctx, client)
	if err != nil {
		return c, err
	}
	key, text, err := newKey()
	if err != nil {
		return c, err
	}
	chains, err := client.ObtainCertificateForSANs(ctx, account, key, []string{c.Domain})
	if err != nil {
		return c, err
	}
	leaf, err := first(chains[0].ChainPEM)
	if err != nil {
		return c, err
	}
	c.Kind, c.Names, c.Chain, c.Key = core.CertificateAutomatic, core.CertificateNames(leaf), string(chains[0].ChainPEM), text
	c.Issuer, c.NotBefore, c.NotAfter = core.IssuerName(leaf), leaf.NotBefore, leaf.NotAfter
	c.Error, c.Tries, c.WarnedAt, c.UpdatedAt = core.Text{}, 0, time.Time{}, l.opts.Now()
	c.NextTry = c.RenewAt()
	if soonest := l.opts.Now().Add(l.opts.Pause); c.NextTry.Before(soonest) {
		c.NextTry = soonest // a clock that is wrong, or a life of minutes, must not have the authority asked without end
	}
	return c, nil
}

func first(chain []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(chain)
	if block == nil {
		return nil, core.Errorf(core.EUNREACHABLE, "error.certificate_malformed")
	}
	return x509.ParseCertificate(block.Bytes)
}

func (l *Loop) tell(c core.Certificate) {
	if c.AppID == "" {
		return
	}
	if l.opts.Publisher != nil {
		l.opts.Publisher.Wake(c.AppID)
	}
	if l.opts.Notifier != nil {
		l.opts.Notifier.Notify(core.Change{TenantID: c.TenantID, AppID: c.AppID, Kind: "domain"})
	}
}
