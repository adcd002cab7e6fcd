package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type alertChannelRow struct {
	TenantID  string `gorm:"primaryKey"`
	ID        string `gorm:"primaryKey"`
	Name      string
	Kind      core.ChannelKind
	Language  string
	Shows     string
	Sealed    []byte
	Author    string
	CreatedAt moment
	Fault     core.Text `gorm:"serializer:json"`
	UsedAt    moment
}

func (alertChannelRow) TableName() string { return "alert_channels" }

func channelSealName(tenantID, id string) string { return "alert_channels/" + tenantID + "/" + id }

func (r alertChannelRow) channel() core.AlertChannel {
	return core.AlertChannel{TenantID: r.TenantID, ID: r.ID, Name: r.Name, Kind: r.Kind, Language: r.Language, Shows: r.Shows, Author: r.Author,
		CreatedAt: time.Time(r.CreatedAt), Fault: r.Fault, UsedAt: time.Time(r.UsedAt)}
}

// channelsOf narrows to the channels of a tenant; they belong to no app.
func channelsOf(ctx context.Context, tenantID string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if tenantID != "" {
			db = db.Where("tenant_id = ?", tenantID)
		}
		return scope(ctx, "tenant_id", "")(db)
	}
}

func (s alerts) Channels(ctx context.Context, tenantID string) ([]core.AlertChannel, error) {
	var rows []alertChannelRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(channelsOf(ctx, tenantID)).Omit("sealed").Order("tenant_id, name, id").Find(&rows).Error
	})
	return each(rows, alertChannelRow.channel), err
}

func (s alerts) PutChannel(ctx context.Context, c core.AlertChannel, target *core.AlertTarget) error {
	row := alertChannelRow{TenantID: c.TenantID, ID: c.ID, Name: c.Name, Kind: c.Kind, Language: c.Language, Shows: c.Shows, Author: c.Author,
		CreatedAt: moment(c.CreatedAt), Fault: c.Fault, UsedAt: moment(c.UsedAt)}
	columns := []string{"name", "kind", "language", "fault", "used_at"}
	if target != nil {
		sealed, err := s.seal.seal(channelSealName(c.TenantID, c.ID), target)
		if err != nil {
			return err
		}
		row.Sealed, row.Shows = sealed, target.Shows()
		columns = append(columns, "sealed", "shows")
	}
	return s.transact(ctx, func(tx *Store) error {
		if err := (alerts{tx}).belongs(ctx, c.TenantID, ""); err != nil {
			return err
		}
		if target == nil {
			return tx.write(ctx, func(db *gorm.DB) error {
				return db.Model(&alertChannelRow{}).Scopes(channelsOf(ctx, c.TenantID)).Where("id = ?", c.ID).Select(columns).Updates(row).Error
			})
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "tenant_id"}, {Name: "id"}},
				DoUpdates: clause.AssignmentColumns(columns)}).Create(&row).Error
		})
	})
}

func (s alerts) Target(ctx context.Context, tenantID, id string) (t core.AlertTarget, err error) {
	var row alertChannelRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(channelsOf(ctx, tenantID)).Take(&row, "id = ?", id).Error
	})
	if err == nil {
		err = s.seal.open(channelSealName(tenantID, id), row.Sealed, &t)
	}
	return t, err
}

func (s alerts) SetChannelFault(ctx context.Context, tenantID, id string, fault core.Text, at time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&alertChannelRow{}).Scopes(channelsOf(ctx, tenantID)).Where("id = ?", id).Select("fault", "used_at").
			Updates(alertChannelRow{Fault: fault, UsedAt: moment(at)}).Error
	})
}

func (s alerts) DeleteChannel(ctx context.Context, tenantID, id string) error {
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			if err := found(db.Scopes(channelsOf(ctx, tenantID)).Delete(&alertChannelRow{}, "id = ?", id)); err != nil {
				return err
			}
			return db.Delete(&alertNoticeRow{}, "tenant_id = ? AND channel_id = ?", tenantID, id).Error
		})
	})
}
