package store

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type operationRow struct {
	ID            string
	TenantID      string
	AppID         string
	Name          string
	Kind          core.OperationKind
	ReleaseNumber int
	Status        core.OperationStatus
	Steps         []core.Step `gorm:"serializer:json"`
	Error         core.Text   `gorm:"serializer:json"`
	LogTail       []string    `gorm:"serializer:json"`
	Author        string
	CreatedAt     moment
	EndedAt       moment
}

func (operationRow) TableName() string { return "operations" }

func newOperationRow(o core.Operation) operationRow {
	steps := slices.Clone(o.Steps)
	for i := range steps {
		steps[i].Started, steps[i].Ended = normal(steps[i].Started), normal(steps[i].Ended)
	}
	return operationRow{ID: o.ID, TenantID: o.TenantID, AppID: o.AppID, Name: o.Name, Kind: o.Kind, ReleaseNumber: o.Release,
		Status: o.Status, Steps: steps, Error: o.Error, LogTail: o.LogTail, Author: o.Author,
		CreatedAt: moment(o.CreatedAt), EndedAt: moment(o.EndedAt)}
}

func (r operationRow) operation() core.Operation {
	return core.Operation{ID: r.ID, TenantID: r.TenantID, AppID: r.AppID, Name: r.Name, Kind: r.Kind, Release: r.ReleaseNumber,
		Status: r.Status, Steps: r.Steps, Error: r.Error, LogTail: r.LogTail, Author: r.Author,
		CreatedAt: time.Time(r.CreatedAt), EndedAt: time.Time(r.EndedAt)}
}

type operations struct{ *Store }

// Create looks for the app, or the tenant when it is of none: the schema does not, since an operation outlives both.
func (s operations) Create(ctx context.Context, o core.Operation) error {
	if err := admit(ctx, o.TenantID, o.AppID); err != nil {
		return err
	}
	row := newOperationRow(o)
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			err := db.Take(&tenantRow{}, "id = ?", o.TenantID).Error
			if o.AppID != "" {
				err = db.Take(&appRow{}, "id = ? AND tenant_id = ?", o.AppID, o.TenantID).Error
			}
			if err != nil {
				return err
			}
			return db.Create(&row).Error
		})
	})
}

func (s operations) Get(ctx context.Context, id string) (core.Operation, error) {
	var row operationRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx)).Take(&row, "id = ?", id).Error })
	return row.operation(), err
}

func (s operations) Update(ctx context.Context, o core.Operation) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&operationRow{}).Scopes(ofApp(ctx)).Where("id = ?", o.ID).
			Select("status", "steps", "error", "log_tail", "ended_at").Updates(newOperationRow(o)))
	})
}

func (s operations) Open(ctx context.Context, appID string) ([]core.Operation, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("app_id = ? AND status IN ?", appID, []core.OperationStatus{core.OpPending, core.OpRunning}).
			Order("created_at, id")
	})
}

func (s operations) OpenOf(ctx context.Context, tenantID string) ([]core.Operation, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("tenant_id = ? AND app_id = '' AND status IN ?", tenantID,
			[]core.OperationStatus{core.OpPending, core.OpRunning}).Order("created_at, id")
	})
}

func (s operations) List(ctx context.Context, appID string, limit int) ([]core.Operation, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("app_id = ?", appID).Order("created_at DESC, id DESC").Limit(atMost(limit, 100))
	})
}

func (s operations) OfReleases(ctx context.Context, appID string, from, to int) (map[int]core.Operation, error) {
	list, err := s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("app_id = ? AND kind = ? AND release_number BETWEEN ? AND ?", appID, core.OpDeploy, from, to)
	})
	of := make(map[int]core.Operation, len(list))
	for _, op := range list {
		of[op.Release] = op
	}
	return of, err
}

func (s operations) list(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) ([]core.Operation, error) {
	var rows []operationRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx), narrow).Find(&rows).Error })
	return each(rows, operationRow.operation), err
}
