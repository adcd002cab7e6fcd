package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type tokenRow struct {
	ID         string
	TenantID   optional
	UserID     string
	Name       string
	SecretHash string
	Scope      core.Scope
	CreatedAt  moment
	ExpiresAt  moment
	LastUsedAt moment
}

func (tokenRow) TableName() string { return "tokens" }

func (r tokenRow) token() core.Token {
	return core.Token{ID: r.ID, TenantID: string(r.TenantID), UserID: r.UserID, Name: r.Name, SecretHash: r.SecretHash,
		Scope: r.Scope, CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt),
		LastUsedAt: time.Time(r.LastUsedAt)}
}

type tokens struct{ *Store }

func (s tokens) Create(ctx context.Context, t core.Token) error {
	if err := admit(ctx, t.TenantID, ""); err != nil {
		return err
	}
	row := tokenRow{ID: t.ID, TenantID: optional(t.TenantID), UserID: t.UserID, Name: t.Name, SecretHash: t.SecretHash,
		Scope: t.Scope, CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt), LastUsedAt: moment(t.LastUsedAt)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s tokens) BySecretHash(ctx context.Context, hash string) (core.Token, error) {
	var row tokenRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "secret_hash = ?", hash).Error })
	return row.token(), err
}

func (s tokens) List(ctx context.Context, tenantID string) ([]core.Token, error) {
	var rows []tokenRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofTenant(ctx, tenantID)).Order("created_at DESC, id DESC").Find(&rows).Error
	})
	return each(rows, tokenRow.token), err
}

func (s tokens) Delete(ctx context.Context, tenantID, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(ofTenant(ctx, tenantID)).Delete(&tokenRow{}, "id = ?", id))
	})
}

// Touch is not scoped: it belongs to making an actor.
func (s tokens) Touch(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&tokenRow{}).Where("id = ?", id).Update("last_used_at", moment(at)).Error
	})
}

// ofTenant narrows to one tenant; those of "" are the operators'.
func ofTenant(ctx context.Context, tenantID string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		db = scope(ctx, "tenant_id", "")(db)
		if tenantID == "" {
			return db.Where("tenant_id IS NULL")
		}
		return db.Where("tenant_id = ?", tenantID)
	}
}
