package alert

import (
	"context"
	"errors"
	"time"

	"berth/core"
)

// key is what an alert is about: one rule holds for it once at a time.
type key struct{ tenantID, ruleID, appID, subject string }

// of reports whether k is about something that r looks at.
func (k key) of(r core.AlertRule) bool { return k.tenantID == r.TenantID && k.ruleID == r.ID }

func keyOf(a core.Alert) key { return key{a.TenantID, a.RuleID, a.AppID, a.Subject} }

// written is an alert that is to be written, and what is to be told of it.
type written struct {
	alert core.Alert
	rule  core.AlertRule
	what  change
	tell  bool
}

// Look looks at every rule once. What comes of it is written in one transaction, in which this process still leads, so
// that two that believe they do cannot both write.
func (l *Loop) Look(ctx context.Context) error {
	if leads, err := l.leads(ctx, l.Store); err != nil || !leads {
		return err
	}
	w, err := l.read(ctx, l.looks%slowly == 0)
	if err != nil {
		return err
	}
	l.looks++
	all := l.decide(ctx, w, l.Now())
	if len(all) == 0 {
		return nil
	}
	err = l.Store.Transact(ctx, func(tx core.Store) error {
		if leads, err := l.leads(ctx, tx); err != nil || !leads {
			return errors.Join(err, errDeposed)
		}
		for _, x := range all {
			if err := l.write(ctx, tx, w, x); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		l.notify(all)
	}
	return err
}

// errDeposed is that another process has taken over meanwhile.
var errDeposed = errors.New("another process looks at the alerts")

// decide returns what is to be written. It changes nothing.
func (l *Loop) decide(ctx context.Context, w *world, now time.Time) []written {
	open := map[key]core.Alert{}
	for _, a := range w.open {
		open[keyOf(a)] = a
	}
	var all []written
	put := func(k key, r core.AlertRule, f finding) {
		before := open[k]
		delete(open, k)
		a, what := step(before, r, f, now)
		if a.State == "" && what != passed {
			return
		}
		if what == began {
			a.ID, a.TenantID, a.RuleID, a.AppID, a.Subject = core.NewID(), k.tenantID, k.ruleID, k.appID, k.subject
		}
		if what == passed {
			a = before
		}
		told := false
		if what != passed {
			a, told = tell(a, r, w.silenced(a, now), now)
		}
		all = append(all, written{a, r, what, told})
	}
	for _, r := range w.rules {
		if r.Off {
			for k := range open {
				if k.of(r) {
					put(k, r, finding{known: true, gone: true})
				}
			}
			continue
		}
		if (r.Kind == core.AlertCertificate || r.Kind == core.AlertQuota) && !w.slow {
			leave(open, r)
			continue
		}
		findings, known := l.find(ctx, w, r, now)
		for k, f := range findings {
			put(k, r, f)
		}
		for k := range open {
			if k.of(r) {
				put(k, r, finding{known: known, gone: known})
			}
		}
	}
	for k := range open { // of rules that are gone
		put(k, core.AlertRule{}, finding{known: true, gone: true})
	}
	return all
}

// leave forgets the open alerts of a rule that is not looked at this time.
func leave(open map[key]core.Alert, r core.AlertRule) {
	for k := range open {
		if k.of(r) {
			delete(open, k)
		}
	}
}

// write writes what became of an alert, what is to be told of it, and that on the timeline of its app.
func (l *Loop) write(ctx context.Context, tx core.Store, w *world, x written) error {
	if x.what == passed {
		return tx.Alerts().Delete(ctx, x.alert.ID)
	}
	app := w.apps[x.alert.AppID]
	if x.alert.AppID != "" {
		if _, err := tx.Apps().Get(ctx, x.alert.AppID); core.ErrorCode(err) == core.ENOTFOUND {
			return nil // deleted meanwhile, and the alert with it
		} else if err != nil {
			return err
		}
	}
	if err := tx.Alerts().Put(ctx, x.alert); err != nil {
		return err
	}
	if (x.what == fired || x.what == resolved) && app.ID != "" {
		if err := tx.Events().Create(ctx, l.event(app, x)); err != nil {
			return err
		}
	}
	if !x.tell {
		return nil
	}
	for _, channel := range w.channelsOf(x.alert.TenantID, x.rule) {
		n := core.AlertNotice{ID: core.NewID(), TenantID: x.alert.TenantID, ChannelID: channel, Alert: x.alert, AppName: app.Name,
			CreatedAt: l.Now(), NextTry: l.Now().Add(groupFor)}
		if err := tx.Alerts().AddNotice(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) event(app core.App, x written) core.Event {
	level, kind := core.LevelWarning, "alert_fired"
	switch {
	case x.what == resolved:
		level, kind = core.LevelGood, "alert_resolved"
	case x.alert.Severity == core.AlertCritical:
		level = core.LevelBad
	}
	e := core.NewEvent(app, level, kind)
	e.Cause, e.CreatedAt = x.alert.Rule, l.Now()
	return e
}

func (l *Loop) notify(all []written) {
	if l.Notifier == nil {
		return
	}
	for _, x := range all {
		if x.what == fired || x.what == resolved {
			l.Notifier.Notify(core.Change{TenantID: x.alert.TenantID, AppID: x.alert.AppID, Kind: "event"})
		}
	}
}
