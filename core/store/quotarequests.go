package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type quotaRequestRow struct {
	ID        string
	TenantID  string
	Resource  core.Resource
	Amount    int64
	Reason    string
	Status    core.QuotaRequestStatus
	Answer    string
	Author    string
	UserID    string
	CreatedAt moment
	Decider   string
	DecidedAt moment
}

func (quotaRequestRow) TableName() string { return "quota_requests" }

func (r quotaRequestRow) request() core.QuotaRequest {
	return core.QuotaRequest{ID: r.ID, TenantID: r.TenantID, Resource: r.Resource, Amount: r.Amount, Reason: r.Reason,
		Status: r.Status, Answer: r.Answer, Author: r.Author, UserID: r.UserID, CreatedAt: time.Time(r.CreatedAt),
		Decider: r.Decider, DecidedAt: time.Time(r.DecidedAt)}
}

type quotaRequests struct{ *Store }

// Create looks for another open one under the lock that every change of the tenant's use takes.
func (s quotaRequests) Create(ctx context.Context, r core.QuotaRequest) error {
	if err := admit(ctx, r.TenantID, ""); err != nil {
		return err
	}
	row := quotaRequestRow{ID: r.ID, TenantID: r.TenantID, Resource: r.Resource, Amount: r.Amount, Reason: r.Reason,
		Status: r.Status, Answer: r.Answer, Author: r.Author, UserID: r.UserID, CreatedAt: moment(r.CreatedAt),
		Decider: r.Decider, DecidedAt: moment(r.DecidedAt)}
	return s.transact(ctx, func(tx *Store) error {
		if err := (usage{tx}).hold(ctx, r.TenantID); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			var open int64
			err := db.Model(&quotaRequestRow{}).Where("tenant_id = ? AND resource = ? AND status = ?", r.TenantID, r.Resource,
				core.RequestOpen).Count(&open).Error
			if err == nil && open > 0 {
				err = core.Errorf(core.ECONFLICT, "error.request_open")
			}
			if err != nil {
				return err
			}
			return db.Create(&row).Error
		})
	})
}

func (s quotaRequests) Get(ctx context.Context, id string) (core.QuotaRequest, error) {
	var row quotaRequestRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Take(&row, "id = ?", id).Error
	})
	return row.request(), err
}

func (s quotaRequests) List(ctx context.Context, tenantID string) ([]core.QuotaRequest, error) {
	var rows []quotaRequestRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(scope(ctx, "tenant_id", "")).Order("id DESC")
		if tenantID == "" {
			return db.Find(&rows, "status = ?", core.RequestOpen).Error
		}
		return db.Limit(100).Find(&rows, "tenant_id = ?", tenantID).Error
	})
	return each(rows, quotaRequestRow.request), err
}

func (s quotaRequests) Decide(ctx context.Context, r core.QuotaRequest) error {
	return s.transact(ctx, func(tx *Store) error {
		decided := int64(0)
		err := tx.write(ctx, func(db *gorm.DB) error {
			db = db.Model(&quotaRequestRow{}).Scopes(scope(ctx, "tenant_id", "")).Where("id = ? AND status = ?", r.ID, core.RequestOpen).
				Select("status", "answer", "amount", "decider", "decided_at").
				Updates(quotaRequestRow{Status: r.Status, Answer: r.Answer, Amount: r.Amount, Decider: r.Decider, DecidedAt: moment(r.DecidedAt)})
			decided = db.RowsAffected
			return db.Error
		})
		if err != nil || decided == 1 {
			return err
		}
		if _, err := tx.QuotaRequests().Get(ctx, r.ID); err != nil {
			return err
		}
		return core.Errorf(core.ECONFLICT, "error.request_decided")
	})
}
