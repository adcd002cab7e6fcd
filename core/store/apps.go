package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type appRow struct {
	ID             string
	TenantID       string
	Name           string
	SortName       string
	ServiceEntry   string // "" for what a customer brought
	ServiceVersion string
	ServicePlan    string
	Plan           string
	ReleaseNumber  int
	Stopped        bool
	Deleting       bool
	KeepData       bool
	Restarts       int
	Budget         core.Amounts `gorm:"serializer:json"`
	CreatedAt      moment
	Serving        int
	State          core.AppState
	Reason         core.Text `gorm:"serializer:json"`
	Scales         bool
	Replicas       int
	Asleep         bool
	Revision       int64
}

func (appRow) TableName() string { return "apps" }

func newAppRow(a core.App) appRow {
	r := appRow{ID: a.ID, TenantID: a.TenantID, Name: a.Name, SortName: sortName(a.Name), Plan: a.Plan,
		ReleaseNumber: a.Release, Stopped: a.Stopped, Deleting: a.Deleting, KeepData: a.KeepData, Restarts: a.Restart, Budget: a.Budget,
		CreatedAt: moment(a.CreatedAt), Serving: a.Serving, State: a.State, Reason: a.Reason, Scales: a.Scales, Replicas: a.Replicas,
		Asleep: a.Asleep, Revision: a.Revision}
	if a.Service != nil {
		r.ServiceEntry, r.ServiceVersion, r.ServicePlan = a.Service.Entry, a.Service.Version, a.Service.Plan
	}
	return r
}

func (r appRow) app() core.App {
	a := core.App{ID: r.ID, TenantID: r.TenantID, Name: r.Name, Plan: r.Plan, Release: r.ReleaseNumber,
		Stopped: r.Stopped, Deleting: r.Deleting, KeepData: r.KeepData, Restart: r.Restarts, Budget: r.Budget,
		CreatedAt: time.Time(r.CreatedAt), Serving: r.Serving, State: r.State, Reason: r.Reason, Scales: r.Scales, Replicas: r.Replicas,
		Asleep: r.Asleep, Revision: r.Revision}
	if r.ServiceEntry != "" {
		a.Service = &core.ServiceSpec{Entry: r.ServiceEntry, Version: r.ServiceVersion, Plan: r.ServicePlan}
	}
	return a
}

type apps struct{ *Store }

// visible is the scope of the apps themselves.
func visible(ctx context.Context) func(*gorm.DB) *gorm.DB { return scope(ctx, "tenant_id", "id") }

func (s apps) Create(ctx context.Context, a core.App) error {
	if err := admit(ctx, a.TenantID, a.ID); err != nil {
		return err
	}
	row := newAppRow(a)
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	return taken(err, "name", "error.app_taken", "name", a.ID)
}

func (s apps) Get(ctx context.Context, id string) (core.App, error) {
	var row appRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(visible(ctx)).Take(&row, "id = ?", id).Error })
	return row.app(), err
}

func (s apps) List(ctx context.Context, f core.AppFilter) ([]core.App, string, error) {
	filter, err := filterApps(f)
	if err != nil {
		return nil, "", err
	}
	limit := atMost(f.Limit, 100)
	var rows []appRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(visible(ctx), filter).Order("sort_name, id").Limit(limit + 1).Find(&rows).Error
	})
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = nameCursor{rows[limit-1].SortName, rows[limit-1].ID}.String()
	}
	return each(rows, appRow.app), next, err
}

func (s apps) IDs(ctx context.Context) ([]string, error) {
	ids := []string{}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&appRow{}).Scopes(visible(ctx)).Order("id").Pluck("id", &ids).Error
	})
	return ids, err
}

func (s apps) UpdateSpec(ctx context.Context, a core.App) error {
	row := newAppRow(a)
	row.Revision++
	return s.transact(ctx, func(tx *Store) error {
		changed := int64(0)
		err := tx.write(ctx, func(db *gorm.DB) error {
			db = db.Model(&appRow{}).Scopes(visible(ctx)).Where("id = ? AND revision = ?", a.ID, a.Revision).
				Select("name", "sort_name", "service_entry", "service_version", "service_plan", "plan", "release_number",
					"stopped", "deleting", "keep_data", "restarts", "budget", "scales", "replicas", "asleep", "revision").Updates(row)
			changed = db.RowsAffected
			return db.Error
		})
		if err != nil || changed == 1 {
			return err
		}
		if _, err := tx.Apps().Get(ctx, a.ID); err != nil {
			return err
		}
		return core.Errorf(core.ECONFLICT, "error.changed_meanwhile")
	})
}

func (s apps) UpdateStatus(ctx context.Context, a core.App) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&appRow{}).Scopes(visible(ctx)).Where("id = ?", a.ID).
			Select("serving", "state", "reason").Updates(newAppRow(a)))
	})
}

// Delete leaves what refers to the app to the schema, but the ports, which are taken before their
// instance exists, and what it and the uploads for it use of the quota.
func (s apps) Delete(ctx context.Context, id string) error {
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			var instanceIDs []string
			err := db.Model(&instanceRow{}).Scopes(ofApp(ctx)).Where("app_id = ?", id).Pluck("id", &instanceIDs).Error
			if err != nil {
				return err
			}
			if err := db.Delete(&portRow{}, "instance_id IN ?", instanceIDs).Error; err != nil {
				return err
			}
			if err := (usage{tx}).giveBack(ctx, id); err != nil {
				return err
			}
			return found(db.Scopes(visible(ctx)).Delete(&appRow{}, "id = ?", id))
		})
	})
}
