package domain

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"berth/core"
)

// Resolver asks the DNS. worker/resolve implements it.
type Resolver interface {
	// TXT, CNAME and Addresses return what a name has, nothing when it has nothing. Errors: EUNREACHABLE.
	TXT(ctx context.Context, name string) ([]string, error)
	CNAME(ctx context.Context, name string) (string, error)
	Addresses(ctx context.Context, name string) ([]netip.Addr, error)
}

// Options are what a Loop works with.
type Options struct {
	Store      core.Store
	Resolver   Resolver
	BaseDomain string
	Publisher  core.Waker    // tells the gateways
	Changed    func()        // called when something of a domain may have changed; it must not block; nil for nothing
	Notifier   core.Notifier // tells the pages; nil tells nobody
	Tick       time.Duration // how often is looked for what is due; default 2s
	Now        func() time.Time
	Log        *slog.Logger
}

// Loop checks domains. Make it with New; Check works without Run as well.
type Loop struct {
	opts  Options
	wake  chan struct{}
	mu    sync.Mutex // of what follows
	known []string   // addresses of the gateways
	until time.Time
}

// New makes a Loop.
func New(o Options) *Loop {
	if o.Tick == 0 {
		o.Tick = 2 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Loop{opts: o, wake: make(chan struct{}, 1)}
}

const (
	atOnce  = 8  // checks side by side
	perLook = 64 // checks of one look
)

// Wake has Run look soon, and those who follow what changes. It never blocks.
func (l *Loop) Wake() {
	if l.opts.Changed != nil {
		l.opts.Changed()
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run checks what is due until ctx ends, and returns ctx.Err().
func (l *Loop) Run(ctx context.Context) error {
	ticker := time.NewTicker(l.opts.Tick)
	defer ticker.Stop()
	for {
		if err := l.Look(ctx); err != nil && ctx.Err() == nil {
			l.opts.Log.Warn("domains cannot be checked; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		case <-l.wake:
		}
	}
}

// Look checks what is due now.
func (l *Loop) Look(ctx context.Context) error {
	ctx = core.WithActor(ctx, core.System())
	due, err := l.opts.Store.Domains().Due(ctx, l.opts.Now(), perLook)
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, d := range due {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := l.Check(ctx, d.AppID, d.Name); err != nil && core.ErrorCode(err) != core.ENOTFOUND && ctx.Err() == nil {
				l.opts.Log.Warn("a domain cannot be checked", "domain", d.Name, "error", err)
			}
		})
	}
	group.Wait()
	return nil
}

// Check looks at one domain now and writes what follows. Errors: ENOTFOUND, EUNAVAILABLE.
func (l *Loop) Check(ctx context.Context, appID, name string) error {
	ctx = core.WithActor(ctx, core.System())
	d, err := l.opts.Store.Domains().Get(ctx, appID, name)
	if err != nil {
		return err
	}
	seen := l.look(ctx, d)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	after, event, err := l.write(ctx, d, seen)
	if core.ErrorCode(err) == core.ECONFLICT {
		err = l.writeHeld(ctx, d)
	}
	if err != nil {
		return err
	}
	if event != "" || after.Leads != d.Leads || after.Problem.Key != d.Problem.Key {
		l.tell(after)
	}
	return nil
}

// look asks what concerns d. A wildcard cannot be proven by a CNAME, which would have to be everywhere below it.
func (l *Loop) look(ctx context.Context, d core.Domain) (seen Seen) {
	var err error
	if seen.TXT, err = l.opts.Resolver.TXT(ctx, d.TXTName()); err != nil {
		seen.Silent = true
	}
	name := d.Name
	if d.Wildcard() {
		name = "berth-" + d.Challenge[:min(8, len(d.Challenge))] + d.Name[1:] // any name below
	} else if seen.CNAME, err = l.opts.Resolver.CNAME(ctx, name); err != nil {
		seen.Silent = true
	}
	seen.Silent = seen.Silent && !proven(d, seen, l.opts.BaseDomain)
	if seen.Addresses, err = l.opts.Resolver.Addresses(ctx, name); err != nil {
		seen.NoLead = true
	}
	if seen.Gateways, err = l.opts.Resolver.Addresses(ctx, d.AppID+"."+l.opts.BaseDomain); err != nil {
		seen.Gateways = nil
	}
	return seen
}

// write decides on the row as it is now, so that of several workers one notes what changed.
func (l *Loop) write(ctx context.Context, d core.Domain, seen Seen) (after core.Domain, event string, err error) {
	err = l.opts.Store.Transact(ctx, func(tx core.Store) error {
		before, err := tx.Domains().Get(ctx, d.AppID, d.Name)
		if err != nil {
			return err
		}
		after, event = Decide(before, seen, l.opts.BaseDomain, l.opts.Now())
		if err := tx.Domains().UpdateStatus(ctx, after); err != nil || event == "" {
			return err
		}
		return l.record(ctx, tx, after, event)
	})
	return after, event, err
}

// writeHeld notes that another had shown first that the name is theirs.
func (l *Loop) writeHeld(ctx context.Context, d core.Domain) error {
	now := l.opts.Now()
	d.Verified, d.CheckedAt, d.NextCheck = false, now, now.Add(time.Hour)
	d.Problem = core.T("domain.held", "domain", d.Name)
	return l.opts.Store.Domains().UpdateStatus(ctx, d)
}

var levels = map[string]core.Level{"domain_verified": core.LevelGood, "domain_lost": core.LevelWarning, "domain_unverified": core.LevelBad}

func (l *Loop) record(ctx context.Context, tx core.Store, d core.Domain, kind string) error {
	e := core.NewEvent(core.App{ID: d.AppID, TenantID: d.TenantID}, levels[kind], kind, "domain", d.Name)
	e.CreatedAt = l.opts.Now()
	if kind != "domain_verified" {
		e.Cause = d.Problem
	}
	return tx.Events().Create(ctx, e)
}

func (l *Loop) tell(d core.Domain) {
	if l.opts.Publisher != nil {
		l.opts.Publisher.Wake(d.AppID)
	}
	if l.opts.Changed != nil {
		l.opts.Changed()
	}
	if l.opts.Notifier != nil {
		l.opts.Notifier.Notify(core.Change{TenantID: d.TenantID, AppID: d.AppID, Kind: "domain"})
	}
}

// Addresses returns those of the gateways, as the DNS has them for a name under the base domain; what it said last is
// kept for a minute.
func (l *Loop) Addresses(ctx context.Context) []string {
	now := l.opts.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Before(l.until) && l.until.Sub(now) <= time.Minute {
		return l.known
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	found, err := l.opts.Resolver.Addresses(ctx, "berth."+l.opts.BaseDomain) // no app may be called so
	l.until = now.Add(time.Minute)
	if err == nil {
		l.known = nil
		for _, a := range found {
			l.known = append(l.known, a.String())
		}
	}
	return l.known
}
