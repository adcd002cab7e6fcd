package store

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type logDrainRow struct {
	TenantID  string `gorm:"primaryKey"`
	ID        string `gorm:"primaryKey"`
	Name      string
	Kind      core.DrainKind
	Shows     string
	Sealed    []byte
	Revision  int64
	Author    string
	CreatedAt moment
	Sent      int64
	SentAt    moment
	Lost      int64
	LostFor   core.Text `gorm:"serializer:json"`
	Fault     core.Text `gorm:"serializer:json"`
	FaultAt   moment
}

func (logDrainRow) TableName() string { return "log_drains" }

func drainSealName(tenantID, id string) string { return "log_drains/" + tenantID + "/" + id }

func (r logDrainRow) drain() core.LogDrain {
	return core.LogDrain{TenantID: r.TenantID, ID: r.ID, Name: r.Name, Kind: r.Kind, Shows: r.Shows, Revision: r.Revision, Author: r.Author,
		CreatedAt: time.Time(r.CreatedAt), DrainReport: core.DrainReport{Sent: r.Sent, SentAt: time.Time(r.SentAt), Lost: r.Lost,
			LostFor: r.LostFor, Fault: r.Fault, FaultAt: time.Time(r.FaultAt)}}
}

type logDrains struct{ *Store }

// drainsOf narrows to the drains of a tenant, or of all for "". They are about every app: for a token narrowed to some
// there are none.
func drainsOf(ctx context.Context, tenantID string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if core.ActorFrom(ctx).Apps != nil {
			db = db.Where("1 = 0")
		}
		if tenantID != "" {
			db = db.Where("tenant_id = ?", tenantID)
		}
		return scope(ctx, "tenant_id", "")(db)
	}
}

// Create counts the others under the lock that every change of the tenant's use takes.
func (s logDrains) Create(ctx context.Context, d core.LogDrain, t core.DrainTarget) error {
	if err := admit(ctx, d.TenantID, ""); err != nil {
		return err
	}
	sealed, err := s.seal.seal(drainSealName(d.TenantID, d.ID), t)
	if err != nil {
		return err
	}
	row := logDrainRow{TenantID: d.TenantID, ID: d.ID, Name: d.Name, Kind: d.Kind, Shows: t.Shows(), Sealed: sealed, Revision: 1,
		Author: d.Author, CreatedAt: moment(d.CreatedAt)}
	return s.transact(ctx, func(tx *Store) error {
		if err := (usage{tx}).hold(ctx, d.TenantID); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			var others int64
			err := db.Model(&logDrainRow{}).Where("tenant_id = ?", d.TenantID).Count(&others).Error
			if err == nil && others >= core.MaxLogDrains {
				err = core.Errorf(core.ECONFLICT, "error.drains_many", "max", strconv.Itoa(core.MaxLogDrains))
			}
			if err != nil {
				return err
			}
			return db.Create(&row).Error
		})
	})
}

func (s logDrains) List(ctx context.Context, tenantID string) ([]core.LogDrain, error) {
	var rows []logDrainRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(drainsOf(ctx, tenantID)).Omit("sealed").Order("tenant_id, name, id").Find(&rows).Error
	})
	return each(rows, logDrainRow.drain), err
}

func (s logDrains) Get(ctx context.Context, tenantID, id string) (core.LogDrain, error) {
	row, err := s.take(ctx, tenantID, id)
	return row.drain(), err
}

func (s logDrains) Open(ctx context.Context, tenantID, id string) (t core.DrainTarget, err error) {
	row, err := s.take(ctx, tenantID, id)
	if err == nil {
		err = s.seal.open(drainSealName(tenantID, id), row.Sealed, &t)
	}
	return t, err
}

func (s logDrains) take(ctx context.Context, tenantID, id string) (row logDrainRow, err error) {
	err = s.read(ctx, func(db *gorm.DB) error { return db.Scopes(drainsOf(ctx, tenantID)).Take(&row, "id = ?", id).Error })
	return row, err
}

func (s logDrains) Update(ctx context.Context, d core.LogDrain, t core.DrainTarget) error {
	sealed, err := s.seal.seal(drainSealName(d.TenantID, d.ID), t)
	if err != nil {
		return err
	}
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&logDrainRow{}).Scopes(drainsOf(ctx, d.TenantID)).Where("id = ?", d.ID).
			Updates(map[string]any{"name": d.Name, "kind": d.Kind, "shows": t.Shows(), "sealed": sealed, "revision": gorm.Expr("revision + 1")}))
	})
}

func (s logDrains) Report(ctx context.Context, tenantID, id string, since core.DrainReport) error {
	row := logDrainRow{SentAt: moment(since.SentAt), LostFor: since.LostFor, Fault: since.Fault, FaultAt: moment(since.FaultAt)}
	columns := []string{"fault", "fault_at"}
	if since.Sent > 0 {
		columns = append(columns, "sent_at")
	}
	if since.Lost > 0 {
		columns = append(columns, "lost_for")
	}
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			this := func() *gorm.DB { return db.Model(&logDrainRow{}).Scopes(drainsOf(ctx, tenantID)).Where("id = ?", id) }
			if err := this().Select(columns).Updates(row).Error; err != nil {
				return err
			}
			return this().Updates(map[string]any{"sent": gorm.Expr("sent + ?", since.Sent), "lost": gorm.Expr("lost + ?", since.Lost)}).Error
		})
	})
}

func (s logDrains) Delete(ctx context.Context, tenantID, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(drainsOf(ctx, tenantID)).Delete(&logDrainRow{}, "id = ?", id))
	})
}
