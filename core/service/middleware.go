package service

import (
	"context"
	"slices"
	"strings"

	"berth/core"
)

// createService records a service with new credentials and has its image fetched.
func (s *Service) createService(ctx context.Context, app core.App, in core.NewApp, faults core.Faults, note *core.AuditEntry) (core.App, core.Operation, error) {
	entry, err := s.entries.Entry(in.Service)
	if err != nil {
		faults.Add("service", "error.catalog_entry_unknown", "entry", in.Service)
		return core.App{}, core.Operation{}, faults.Err()
	}
	version, err := entry.Version(in.Version)
	faults.Merge("", err)
	plan, err := entry.Plan(in.Plan)
	faults.Merge("", err)
	if err := faults.Err(); err != nil {
		return core.App{}, core.Operation{}, err
	}
	app.Service = &core.ServiceSpec{Entry: entry.Name, Version: version.Version, Plan: plan.Name}
	app.State = core.AppDeploying
	op := s.serviceOperation(ctx, app)
	err = s.queueService(ctx, app, op, func(tx core.Store) error {
		if err := s.insertApp(ctx, tx, app, in.ID != "", note); err != nil {
			return err
		}
		if err := tx.Credentials().Put(ctx, core.Credentials{AppID: app.ID, Values: newCredentials(entry), CreatedAt: s.now()}); err != nil {
			return err
		}
		return s.charge(ctx, tx, app.ID)
	})
	if err != nil {
		return core.App{}, core.Operation{}, err
	}
	return app, op, nil
}

// retryService tries again to fetch the image of a service that never came to run.
func (s *Service) retryService(ctx context.Context, app core.App, note *core.AuditEntry) (core.Operation, error) {
	if open, err := underWay(ctx, s.store, app, core.OpDeploy); err != nil || open.ID != "" {
		return open, err
	}
	op := s.serviceOperation(ctx, app)
	err := s.queueService(ctx, app, op, func(tx core.Store) error {
		open, err := underWay(ctx, tx, app, core.OpDeploy)
		if err != nil || open.ID != "" {
			return errOr(err, core.Errorf(core.ECONFLICT, "error.service_not_ready", "name", app.Name))
		}
		note.TenantID = app.TenantID
		if err := s.note(ctx, tx, note); err != nil {
			return err
		}
		app.State, app.Reason = core.AppDeploying, core.Text{}
		if err := tx.Apps().UpdateStatus(ctx, app); err != nil {
			return err
		}
		return s.charge(ctx, tx, app.ID)
	})
	return op, err
}

// queueService writes a service's operation together with what prepare writes, and has the image fetched.
func (s *Service) queueService(ctx context.Context, app core.App, op core.Operation, prepare func(tx core.Store) error) error {
	job, err := s.serviceJob(app, op)
	if err != nil {
		return err
	}
	if !s.fetches.add(job) {
		return core.Errorf(core.ETOOMANY, "error.fetches_many")
	}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := prepare(tx); err != nil {
			return err
		}
		return tx.Operations().Create(ctx, op)
	})
	if err != nil {
		s.fetches.remove(op.ID)
		return err
	}
	s.fetches.release(op.ID)
	s.notify(app, "app", "")
	s.notify(app, "operation", op.ID)
	return nil
}

// serviceOperation is a deploy whose image is fetched into the registry before anything is placed.
func (s *Service) serviceOperation(ctx context.Context, app core.App) core.Operation {
	op := s.operation(ctx, app, core.OpDeploy, 1)
	from := slices.IndexFunc(op.Steps, func(st core.Step) bool { return st.Name == core.StepFetched })
	fetched := op.Steps[from]
	op.Steps = slices.Insert(slices.Delete(op.Steps, from, from+1), 1, fetched)
	return op
}

func (s *Service) serviceJob(app core.App, op core.Operation) (fetchJob, error) {
	entry, err := s.entries.Entry(app.Service.Entry)
	if err != nil {
		return fetchJob{}, core.Errorf(core.ECONFLICT, "error.catalog_entry_gone", "entry", app.Service.Entry)
	}
	version, err := entry.Version(app.Service.Version)
	return fetchJob{op: op, label: version.Version, src: core.ImageSource{Ref: version.Image, Trusted: true}}, err
}

// fetchService copies a service's image, unless an earlier try did, and records its first release.
func (s *Service) fetchService(ctx context.Context, app core.App, job fetchJob) error {
	entry, err := s.entries.Entry(app.Service.Entry)
	if err != nil {
		return err
	}
	v, err := s.store.Versions().ByLabel(ctx, app.ID, job.label)
	if err == nil {
		err = s.store.Transact(ctx, func(tx core.Store) error {
			if err := s.firstRelease(ctx, tx, entry, v, job); err != nil {
				return err
			}
			return s.charge(ctx, tx, app.ID)
		})
	} else if core.ErrorCode(err) == core.ENOTFOUND {
		var artifact core.Artifact
		if artifact, err = s.copyImage(ctx, app, job); err != nil {
			return err
		}
		v = s.version(ctx, app, job.label, artifact, core.SourceCatalog, job.src.Ref)
		err = s.addVersion(ctx, app, v, app.ID, func(tx core.Store) error { return s.firstRelease(ctx, tx, entry, v, job) })
	}
	if err == nil {
		s.changed(app, "release", "")
		s.notify(app, "operation", job.op.ID)
	}
	return err
}

func (s *Service) firstRelease(ctx context.Context, tx core.Store, entry core.CatalogEntry, v core.Version, job fetchJob) error {
	app, err := changeable(ctx, tx, v.AppID)
	if err != nil || app.Release > 0 {
		return err
	}
	op, err := tx.Operations().Get(ctx, job.op.ID)
	if err != nil {
		return err
	}
	spec, err := serviceSpec(app, entry, v)
	if err != nil {
		return err
	}
	if _, err := s.insertRelease(ctx, tx, &app, &op, spec, core.T("reason.first_release", "version", v.Label)); err != nil {
		return err
	}
	op.Status = core.OpRunning
	op.SetStep(core.StepFetched, core.StepSucceeded, core.T("step.fetched", "image", job.src.Ref, "label", v.Label), s.now())
	return tx.Operations().Update(ctx, op)
}

// serviceSpec is the first release of a service. Its storage has a name of its own, so that nobody who takes the
// app's id later finds what was kept.
func serviceSpec(app core.App, entry core.CatalogEntry, v core.Version) (core.ReleaseSpec, error) {
	plan, err := entry.Plan(app.Service.Plan)
	spec := core.ReleaseSpec{Targets: []core.Target{{VersionID: v.ID, Label: v.Label, Digest: v.Digest, Weight: 100}},
		Replicas: 1, Memory: plan.Memory, CPU: plan.CPU, Port: entry.Port, Health: entry.Health}
	if entry.VolumePath != "" {
		spec.Volume = &core.Volume{Name: "berth-" + app.ID + "-" + core.NewInstanceID(), Path: entry.VolumePath}
	}
	return spec, err
}

const credentialLength = 32

// newCredentials makes what an entry asks for.
func newCredentials(entry core.CatalogEntry) map[string]string {
	values := make(map[string]string, len(entry.Credentials))
	for _, c := range entry.Credentials {
		length := c.Length
		if length == 0 {
			length = credentialLength
		}
		var random strings.Builder
		for c.Value == "" && random.Len() < length {
			random.WriteString(core.NewSecret())
		}
		values[c.Name] = c.Value
		if c.Value == "" {
			values[c.Name] = random.String()[:length]
		}
	}
	return values
}
