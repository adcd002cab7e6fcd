package store

import (
	"context"

	"gorm.io/gorm"

	"berth/core"
)

// Recount is not scoped: it is for the workers.
func (s usage) Recount(ctx context.Context) (map[string]core.Amounts, error) {
	drift, err := s.dropStrays(ctx)
	if err != nil {
		return drift, err
	}
	suspects, err := s.differing(ctx, "")
	for tenantID := range suspects {
		off, e := s.recount(ctx, tenantID)
		if e != nil {
			return drift, e
		}
		if len(off) > 0 {
			drift[tenantID] = drift[tenantID].Plus(off)
		}
	}
	return drift, err
}

// dropStrays gives back what is held by no app and no upload: both go in one transaction with what they hold.
func (s usage) dropStrays(ctx context.Context) (map[string]core.Amounts, error) {
	var rows []holderRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Where("NOT EXISTS (SELECT 1 FROM apps WHERE apps.id = usage_holders.holder AND apps.tenant_id = usage_holders.tenant_id)").
			Where("NOT EXISTS (SELECT 1 FROM uploads WHERE uploads.id = SUBSTR(usage_holders.holder, 8) AND usage_holders.holder LIKE 'upload:%')").
			Find(&rows).Error
	})
	drift := map[string]core.Amounts{}
	for _, r := range rows {
		before, e := s.Set(ctx, r.TenantID, r.Holder, nil, nil)
		if e != nil {
			return drift, e
		}
		if len(before) > 0 {
			drift[r.TenantID] = drift[r.TenantID].Plus(before)
		}
	}
	return drift, err
}

// differing compares sums with what is held, by tenant: what the sums have too much. tenantID "" means all.
func (s usage) differing(ctx context.Context, tenantID string) (map[string]core.Amounts, error) {
	type row struct {
		TenantID string
		Resource core.Resource
		Amount   int64
	}
	var sums, held []row
	err := s.read(ctx, func(db *gorm.DB) error {
		all := func(table, amount string) *gorm.DB {
			q := db.Table(table).Select("tenant_id, resource, " + amount + " AS amount").Where("resource <> ''").Group("tenant_id, resource")
			if tenantID != "" {
				q = q.Where("tenant_id = ?", tenantID)
			}
			return q
		}
		if err := all("usage_sums", "SUM(amount)").Scan(&sums).Error; err != nil {
			return err
		}
		return all("usage_holders", "SUM(amount)").Scan(&held).Error
	})
	off := map[string]core.Amounts{}
	for sign, rows := range map[int64][]row{1: sums, -1: held} {
		for _, r := range rows {
			off[r.TenantID] = off[r.TenantID].Plus(core.Amounts{r.Resource: sign * r.Amount})
		}
	}
	for id, a := range off {
		if len(a) == 0 {
			delete(off, id)
		}
	}
	return off, err
}

// recount looks again while it holds the tenant's use: between two reads somebody may have changed it.
func (s usage) recount(ctx context.Context, tenantID string) (off core.Amounts, err error) {
	err = s.transact(ctx, func(tx *Store) error {
		u := usage{tx}
		if err := u.hold(ctx, tenantID); err != nil {
			return err
		}
		differing, err := u.differing(ctx, tenantID)
		off = differing[tenantID]
		for r, n := range off {
			if err != nil {
				return err
			}
			err = u.move(ctx, tenantID, r, -n, nil)
		}
		return err
	})
	return off, err
}
