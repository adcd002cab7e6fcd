package service

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"berth/core"
)

// Canary returns the newest trial of an app and what was counted of both versions since its share is in force.
// Errors: EUNAUTHORIZED, ENOTFOUND, also when there was none, EFORBIDDEN.
func (s *Service) Canary(ctx context.Context, appID string) (core.CanaryView, error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return core.CanaryView{}, err
	}
	c, err := s.store.Canaries().Latest(ctx, app.ID)
	if err != nil {
		return core.CanaryView{}, err
	}
	view := core.CanaryView{Canary: c}
	switch {
	case !c.StepAt.IsZero() && c.Open():
		view.Counts = c.Since(countsOf(s.traffic, c))
	case !c.StepAt.IsZero():
		view.Counts = c.Since(c.Last)
	}
	return view, nil
}

func countsOf(traffic core.Traffic, c core.Canary) core.CanaryCounts {
	if traffic == nil {
		return c.Last
	}
	versions := traffic.App(c.AppID).Versions
	return core.CanaryCounts{Stable: versions[c.Stable.Label], Candidate: versions[c.Candidate.Label]}
}

// StartCanary begins a trial: a version gets a share of the requests of an app that runs another one. Errors:
// EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at the fields of core.NewCanary as the API names them, ECONFLICT
// when the app does not run one version, or a trial is open.
func (s *Service) StartCanary(ctx context.Context, appID string, in core.NewCanary) (_ core.Canary, _ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "canary.start", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	c := core.Canary{ID: core.NewID(), Status: core.CanaryRunning, Author: core.ActorFrom(ctx).Name, CreatedAt: s.now(), Share: in.Share, Steps: in.Steps,
		Limits: core.CanaryLimits{Errors: in.Errors, Compare: in.Compare, Latency: in.Latency, MinRequests: core.DefaultMinRequests}}
	set(&c.Limits.MinRequests, in.MinRequests)
	if c.Share == 0 && len(c.Steps) > 0 {
		c.Share = c.Steps[0].Share
	}
	c.Share = cmp.Or(c.Share, 10)
	r, op, err := s.releaseBy(ctx, appID, &note, releasing{
		compose: func(tx core.Store, app core.App, current core.Release) (core.ReleaseSpec, core.Text, error) {
			if err := s.beginCanary(ctx, tx, app, current, in.Version, &c); err != nil {
				return core.ReleaseSpec{}, core.Text{}, err
			}
			return shared(current.Spec, c), core.T("reason.canary_started", "version", c.Candidate.Label, "share", strconv.Itoa(c.Share)), nil
		},
		then: func(tx core.Store, app core.App, r core.Release) error {
			c.Release = r.Number
			if err := tx.Canaries().Create(ctx, c); err != nil {
				return err
			}
			return s.canaryEvent(ctx, tx, app, c, core.LevelInfo, "canary_started", core.Text{})
		}})
	return c, r, op, err
}

// beginCanary fills in what a trial compares, and refuses what is no trial.
func (s *Service) beginCanary(ctx context.Context, tx core.Store, app core.App, current core.Release, label string, c *core.Canary) error {
	c.TenantID, c.AppID, c.Before = app.TenantID, app.ID, current.Number
	var f core.Faults
	f.Merge("", c.Validate())
	m := merger{ctx: ctx, tx: tx, app: app}
	v, err := m.version(label)
	switch {
	case label == "":
		f.Add("version", "error.version_missing")
	case core.ErrorCode(err) == core.ENOTFOUND:
		f.Add("version", "error.version_unknown", "version", label)
	case err != nil:
		return err
	}
	if err := f.Err(); err != nil {
		return err // before what stands in the way: nobody learns from it which versions others have
	}
	targets := slices.DeleteFunc(slices.Clone(current.Spec.Targets), func(t core.Target) bool { return t.Weight == 0 })
	switch {
	case app.IsService() || current.Spec.Volume != nil:
		return core.Errorf(core.ECONFLICT, "error.canary_storage", "name", app.Name)
	case current.Number == 0 || app.Stopped:
		return core.Errorf(core.ECONFLICT, "error.canary_not_running", "name", app.Name)
	case current.Status == core.ReleasePending || current.Status == core.ReleaseFailed:
		return core.Errorf(core.ECONFLICT, "error.canary_pending", "release", strconv.Itoa(current.Number))
	case len(targets) > 1:
		if open, err := tx.Canaries().Latest(ctx, app.ID); err == nil && open.Open() {
			return core.Errorf(core.ECONFLICT, "error.canary_open")
		}
		return core.Errorf(core.ECONFLICT, "error.canary_several", "versions", current.Spec.Labels())
	case targets[0].VersionID == v.ID:
		return core.Invalid("version", "error.canary_same_version", "version", label)
	}
	c.Stable = targets[0]
	c.Candidate = core.Target{VersionID: v.ID, Label: v.Label, Digest: v.Digest}
	return nil
}

// shared returns spec with its requests divided as a trial says.
func shared(spec core.ReleaseSpec, c core.Canary) core.ReleaseSpec {
	stable, candidate := c.Stable, c.Candidate
	stable.Weight, candidate.Weight = 100-c.Share, c.Share
	spec.Targets = []core.Target{stable, candidate}
	if c.Share == 100 {
		spec.Targets = []core.Target{candidate}
	}
	spec.Strategy = core.Strategy{Kind: core.StrategyCanary}
	return spec
}

// SetCanaryShare gives the candidate of a trial another share, and holds its steps. Errors: EUNAUTHORIZED, ENOTFOUND,
// also when no trial is open, EFORBIDDEN, EINVALID at "share".
func (s *Service) SetCanaryShare(ctx context.Context, appID string, share int) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "canary.share", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.moveCanary(ctx, appID, &note, func(c *core.Canary) (core.Text, error) {
		if share < 1 || share > 99 {
			return core.Text{}, core.Invalid("share", "error.number_range", "min", "1", "max", "99")
		}
		if _, more := c.Next(); more && c.Status == core.CanaryRunning {
			c.Status, c.Reason = core.CanaryHeld, core.T("reason.canary_held_share", "name", core.ActorFrom(ctx).Name)
		}
		return moved(c, share), nil
	})
}

// PromoteCanary gives the candidate of a trial all requests, which ends it. Errors: as SetCanaryShare.
func (s *Service) PromoteCanary(ctx context.Context, appID string) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "canary.promote", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.moveCanary(ctx, appID, &note, func(c *core.Canary) (core.Text, error) {
		s.endCanary(c, core.CanaryPromoted, core.Text{})
		return core.T("reason.canary_promoted", "version", c.Candidate.Label), nil
	})
}

// AbortCanary brings back the release before the trial, all of it. Errors: as SetCanaryShare.
func (s *Service) AbortCanary(ctx context.Context, appID string) (_ core.Release, _ core.Operation, err error) {
	note := core.AuditEntry{Action: "canary.abort", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.moveCanary(ctx, appID, &note, func(c *core.Canary) (core.Text, error) {
		why := core.T("reason.canary_aborted", "version", c.Candidate.Label, "name", core.ActorFrom(ctx).Name)
		s.endCanary(c, core.CanaryAborted, why)
		return why, nil
	})
}

// HoldCanary has a trial take no step by itself until ResumeCanary. Its limits go on to count. Errors: as
// SetCanaryShare.
func (s *Service) HoldCanary(ctx context.Context, appID string) (_ core.Canary, err error) {
	note := core.AuditEntry{Action: "canary.hold", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.setCanary(ctx, appID, &note, core.CanaryHeld, core.T("reason.canary_held", "name", core.ActorFrom(ctx).Name))
}

// ResumeCanary has a trial that was held go on. Errors: as SetCanaryShare.
func (s *Service) ResumeCanary(ctx context.Context, appID string) (_ core.Canary, err error) {
	note := core.AuditEntry{Action: "canary.resume", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	return s.setCanary(ctx, appID, &note, core.CanaryRunning, core.Text{})
}

func (s *Service) setCanary(ctx context.Context, appID string, note *core.AuditEntry, status core.CanaryStatus, why core.Text) (c core.Canary, err error) {
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if c, err = openCanary(ctx, tx, app.ID); err != nil || c.Status == status {
			return err
		}
		c.Status, c.Reason = status, why
		if err := tx.Canaries().Update(ctx, c); err != nil {
			return err
		}
		c.Revision++
		note.TenantID, note.Object = app.TenantID, c.Candidate.Label
		if err := s.note(ctx, tx, note); err != nil {
			return err
		}
		return s.canaryEvent(ctx, tx, app, c, core.LevelInfo, canaryEvents[status], core.Text{})
	})
	if err == nil {
		s.changed(app, "canary", c.ID)
	}
	return c, err
}

// canaryEvents are the kinds of the events of a trial that comes to a status.
var canaryEvents = map[core.CanaryStatus]string{core.CanaryHeld: "canary_held", core.CanaryRunning: "canary_resumed",
	core.CanaryPromoted: "canary_promoted", core.CanaryAborted: "canary_aborted", core.CanaryReplaced: "canary_replaced"}

// openCanary returns the trial that is open. Errors: ENOTFOUND.
func openCanary(ctx context.Context, tx core.Store, appID string) (core.Canary, error) {
	c, err := tx.Canaries().Latest(ctx, appID)
	if err == nil && !c.Open() || core.ErrorCode(err) == core.ENOTFOUND {
		err = core.Errorf(core.ENOTFOUND, "error.canary_none")
	}
	return c, err
}

// moveCanary releases what change makes of the open trial of an app.
func (s *Service) moveCanary(ctx context.Context, appID string, note *core.AuditEntry, change func(*core.Canary) (core.Text, error)) (core.Release, core.Operation, error) {
	var c core.Canary
	before := 0
	return s.releaseBy(ctx, appID, note, releasing{
		compose: func(tx core.Store, app core.App, current core.Release) (_ core.ReleaseSpec, why core.Text, err error) {
			if c, err = openCanary(ctx, tx, app.ID); err != nil {
				return core.ReleaseSpec{}, why, err
			}
			before = c.Share
			if why, err = change(&c); err != nil {
				return core.ReleaseSpec{}, why, err
			}
			if c.Status == core.CanaryAborted {
				spec, err := s.specBefore(ctx, tx, app, c)
				return spec, why, err
			}
			return shared(current.Spec, c), why, nil
		},
		then: func(tx core.Store, app core.App, r core.Release) error {
			c.Release = r.Number
			if err := tx.Canaries().Update(ctx, c); err != nil {
				return err
			}
			kind, level := "canary_share", core.LevelInfo
			switch c.Status {
			case core.CanaryPromoted:
				kind, level = canaryEvents[c.Status], core.LevelGood
			case core.CanaryAborted:
				kind, level = canaryEvents[c.Status], core.LevelBad
			}
			e := core.NewEvent(app, level, kind, "version", c.Candidate.Label, "share", strconv.Itoa(c.Share), "before", strconv.Itoa(before))
			if c.Status == core.CanaryAborted {
				e.Cause = c.Reason
			}
			return s.record(ctx, tx, e)
		}})
}

// specBefore is all that ran before a trial. What it was bound to and is gone since is left out: a trial that goes
// wrong ends whatever happened meanwhile.
func (s *Service) specBefore(ctx context.Context, tx core.Store, app core.App, c core.Canary) (core.ReleaseSpec, error) {
	old, err := tx.Releases().Get(ctx, app.ID, c.Before)
	if err != nil {
		return core.ReleaseSpec{}, err
	}
	m := merger{ctx: ctx, tx: tx, app: app, spec: old.Spec}
	if err := m.bindings(nil); err != nil {
		return old.Spec, err
	}
	return m.spec, nil
}

// moved gives the candidate a share, and says so.
func moved(c *core.Canary, share int) core.Text {
	why := core.T("reason.canary_share", "version", c.Candidate.Label, "from", strconv.Itoa(c.Share), "to", strconv.Itoa(share))
	c.Share = share
	return why
}

func (s *Service) endCanary(c *core.Canary, status core.CanaryStatus, why core.Text) {
	c.Status, c.Reason, c.EndedAt = status, why, s.now()
	if status == core.CanaryPromoted {
		c.Share = 100
	}
}

func (s *Service) canaryEvent(ctx context.Context, tx core.Store, app core.App, c core.Canary, level core.Level, kind string, cause core.Text) error {
	e := core.NewEvent(app, level, kind, "version", c.Candidate.Label, "share", strconv.Itoa(c.Share))
	e.Cause = cause
	return s.record(ctx, tx, e)
}

// replaceCanary ends the open trial of an app when a release that is not its own divides the requests otherwise.
func (s *Service) replaceCanary(ctx context.Context, tx core.Store, app core.App, before, r core.Release) error {
	if slices.Equal(before.Spec.Targets, r.Spec.Targets) {
		return nil
	}
	c, err := openCanary(ctx, tx, app.ID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return nil
	}
	if err != nil {
		return err
	}
	why := core.T("reason.canary_replaced", "release", strconv.Itoa(r.Number))
	s.endCanary(&c, core.CanaryReplaced, why)
	if err := tx.Canaries().Update(ctx, c); err != nil {
		return err
	}
	return s.canaryEvent(ctx, tx, app, c, core.LevelInfo, canaryEvents[core.CanaryReplaced], why)
}
