package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type credentialsRow struct {
	AppID     string `gorm:"primaryKey"`
	TenantID  string
	Sealed    []byte
	CreatedAt moment
}

func (credentialsRow) TableName() string { return "credentials" }

func credentialsSealName(appID string) string { return "credentials/" + appID }

type credentials struct{ *Store }

func (s credentials) Put(ctx context.Context, c core.Credentials) error {
	values := make(map[string][]byte, len(c.Values)) // bytes, since JSON would mend what is not UTF-8
	for name, v := range c.Values {
		values[name] = []byte(v)
	}
	sealed, err := s.seal.seal(credentialsSealName(c.AppID), values)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *Store) error {
		app, err := tx.Apps().Get(ctx, c.AppID)
		if err != nil {
			return err
		}
		row := credentialsRow{AppID: app.ID, TenantID: app.TenantID, Sealed: sealed, CreatedAt: moment(c.CreatedAt)}
		return tx.write(ctx, func(db *gorm.DB) error {
			return db.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
		})
	})
}

func (s credentials) Get(ctx context.Context, appID string) (core.Credentials, error) {
	var row credentialsRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Take(&row, "app_id = ?", appID).Error
	})
	if err != nil {
		return core.Credentials{}, err
	}
	var values map[string][]byte
	if err := s.seal.open(credentialsSealName(appID), row.Sealed, &values); err != nil {
		return core.Credentials{}, err
	}
	c := core.Credentials{AppID: appID, Values: make(map[string]string, len(values)), CreatedAt: time.Time(row.CreatedAt)}
	for name, v := range values {
		c.Values[name] = string(v)
	}
	return c, nil
}
