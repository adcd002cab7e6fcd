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
	OwnerID    optional
	UserID     string
	Name       string
	SecretHash string
	Scope      core.Scope
	Apps       []string `gorm:"serializer:json"`
	CreatedAt  moment
	ExpiresAt  moment
	LastUsedAt moment
	LastPeer   string
}

func (tokenRow) TableName() string { return "tokens" }

func newTokenRow(t core.Token) tokenRow {
	return tokenRow{ID: t.ID, TenantID: optional(t.TenantID), OwnerID: optional(t.OwnerID), UserID: t.UserID, Name: t.Name,
		SecretHash: t.SecretHash, Scope: t.Scope, Apps: t.Apps, CreatedAt: moment(t.CreatedAt), ExpiresAt: moment(t.ExpiresAt),
		LastUsedAt: moment(t.LastUsedAt), LastPeer: t.LastPeer}
}

func (r tokenRow) token() core.Token {
	return core.Token{ID: r.ID, TenantID: string(r.TenantID), OwnerID: string(r.OwnerID), UserID: r.UserID, Name: r.Name,
		SecretHash: r.SecretHash, Scope: r.Scope, Apps: r.Apps, CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt),
		LastUsedAt: time.Time(r.LastUsedAt), LastPeer: r.LastPeer}
}

type tokens struct{ *Store }

func (s tokens) Create(ctx context.Context, t core.Token) error {
	if err := admitToken(ctx, t); err != nil {
		return err
	}
	row := newTokenRow(t)
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

// admitToken refuses a token of a tenant that the actor does not see, or of somebody else.
func admitToken(ctx context.Context, t core.Token) error {
	if t.OwnerID == "" {
		return admit(ctx, t.TenantID, "")
	}
	if a := core.ActorFrom(ctx); a.UserID != t.OwnerID && a.Kind != core.ActorSystem {
		return core.NotFound()
	}
	return nil
}

func (s tokens) BySecretHash(ctx context.Context, hash string) (core.Token, error) {
	var row tokenRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "secret_hash = ?", hash).Error })
	return row.token(), err
}

func (s tokens) List(ctx context.Context, tenantID string) ([]core.Token, error) {
	return s.list(ctx, ofTenant(ctx, tenantID))
}

func (s tokens) Owned(ctx context.Context) ([]core.Token, error) { return s.list(ctx, ofOwner(ctx)) }

func (s tokens) list(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) ([]core.Token, error) {
	var rows []tokenRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(narrow).Order("created_at DESC, id DESC").Find(&rows).Error
	})
	return each(rows, tokenRow.token), err
}

func (s tokens) Delete(ctx context.Context, tenantID, id string) error {
	return s.remove(ctx, ofTenant(ctx, tenantID), id)
}

func (s tokens) DeleteOwned(ctx context.Context, id string) error {
	return s.remove(ctx, ofOwner(ctx), id)
}

func (s tokens) remove(ctx context.Context, narrow func(*gorm.DB) *gorm.DB, id string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(narrow).Delete(&tokenRow{}, "id = ?", id))
	})
}

// Touch is not scoped: it belongs to making an actor.
func (s tokens) Touch(ctx context.Context, id string, at time.Time, peer string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&tokenRow{}).Where("id = ?", id).
			Updates(map[string]any{"last_used_at": moment(at), "last_peer": peer}).Error
	})
}

// ofTenant narrows to one tenant; those of "" are the operators'.
func ofTenant(ctx context.Context, tenantID string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		db = scope(ctx, "tenant_id", "")(db)
		if tenantID == "" {
			return db.Where("tenant_id IS NULL AND owner_id IS NULL")
		}
		return db.Where("tenant_id = ?", tenantID)
	}
}

// ofOwner narrows to the person behind the actor, an operator too.
func ofOwner(ctx context.Context) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB { return db.Where("owner_id = ?", core.ActorFrom(ctx).UserID) }
}
