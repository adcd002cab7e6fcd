package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type invitationRow struct {
	ID          string
	TenantID    string
	Email       string
	Role        core.Role
	SecretHash  string
	InviterID   string
	InviterName string
	CreatedAt   moment
	ExpiresAt   moment
	AcceptedAt  moment
	RevokedAt   moment
}

func (invitationRow) TableName() string { return "invitations" }

func newInvitationRow(i core.Invitation) invitationRow {
	return invitationRow{ID: i.ID, TenantID: i.TenantID, Email: i.Email, Role: i.Role, SecretHash: i.SecretHash,
		InviterID: i.InviterID, InviterName: i.InviterName, CreatedAt: moment(i.CreatedAt), ExpiresAt: moment(i.ExpiresAt),
		AcceptedAt: moment(i.AcceptedAt), RevokedAt: moment(i.RevokedAt)}
}

func (r invitationRow) invitation() core.Invitation {
	return core.Invitation{ID: r.ID, TenantID: r.TenantID, Email: r.Email, Role: r.Role, SecretHash: r.SecretHash,
		InviterID: r.InviterID, InviterName: r.InviterName, CreatedAt: time.Time(r.CreatedAt),
		ExpiresAt: time.Time(r.ExpiresAt), AcceptedAt: time.Time(r.AcceptedAt), RevokedAt: time.Time(r.RevokedAt)}
}

type invitations struct{ *Store }

func (s invitations) Create(ctx context.Context, i core.Invitation) error {
	if err := admit(ctx, i.TenantID, ""); err != nil {
		return err
	}
	row := newInvitationRow(i)
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}

func (s invitations) Get(ctx context.Context, tenantID, id string) (core.Invitation, error) {
	var row invitationRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Take(&row, "tenant_id = ? AND id = ?", tenantID, id).Error
	})
	return row.invitation(), err
}

func (s invitations) BySecretHash(ctx context.Context, hash string) (core.Invitation, error) {
	var row invitationRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "secret_hash = ?", hash).Error })
	return row.invitation(), err
}

func (s invitations) Open(ctx context.Context, tenantID string) ([]core.Invitation, error) {
	var rows []invitationRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Order("created_at DESC, id DESC").
			Find(&rows, "tenant_id = ? AND accepted_at IS NULL AND revoked_at IS NULL", tenantID).Error
	})
	return each(rows, invitationRow.invitation), err
}

func (s invitations) Update(ctx context.Context, i core.Invitation) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&invitationRow{}).Scopes(scope(ctx, "tenant_id", "")).Where("id = ?", i.ID).
			Select("role", "secret_hash", "expires_at", "revoked_at").Updates(newInvitationRow(i)))
	})
}

func (s invitations) Take(ctx context.Context, id string, at time.Time) error {
	err := s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&invitationRow{}).Where("id = ? AND accepted_at IS NULL AND revoked_at IS NULL", id).
			Update("accepted_at", moment(at)))
	})
	if core.ErrorCode(err) == core.ENOTFOUND {
		return core.Errorf(core.EGONE, "error.invitation_used")
	}
	return err
}

func (s invitations) Prune(ctx context.Context, before time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&invitationRow{}, "expires_at < ?", moment(before)).Error
	})
}
