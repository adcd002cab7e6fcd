package store

import (
	"context"

	"gorm.io/gorm"

	"berth/core"
)

type hitRow struct {
	TenantID     string
	TenantName   string
	AppID        string
	AppName      string
	ServiceEntry string
	AppState     core.AppState
	ID           string // of the instance
	ContainerID  string
	HostID       string
	State        core.InstanceState
}

func (r hitRow) hit() core.SupportHit {
	kind := core.SupportTenant
	switch {
	case r.ID != "":
		kind = core.SupportInstance
	case r.ServiceEntry != "":
		kind = core.SupportService
	case r.AppID != "":
		kind = core.SupportApp
	}
	return core.SupportHit{Kind: kind, TenantID: r.TenantID, TenantName: r.TenantName, AppID: r.AppID, AppName: r.AppName,
		InstanceID: r.ID, ContainerID: r.ContainerID, HostID: r.HostID, App: r.AppState, Instance: r.State}
}

// Search looks at every name and id once: each of the three queries reads an index that holds what it compares, and
// ends when it has found enough.
func (s support) Search(ctx context.Context, text, app string, limit int) ([]core.SupportHit, error) {
	pattern := contains(text)
	var all []hitRow
	for _, find := range []func(db *gorm.DB) *gorm.DB{
		func(db *gorm.DB) *gorm.DB {
			return db.Table("tenants AS t").Where("t.sort_name LIKE ? ESCAPE '!' OR t.id LIKE ? ESCAPE '!'", pattern, pattern).
				Select("t.id AS tenant_id, t.name AS tenant_name").Order("t.sort_name, t.id")
		},
		func(db *gorm.DB) *gorm.DB {
			return db.Table("apps AS a").Joins("JOIN tenants AS t ON t.id = a.tenant_id").
				Where("a.sort_name LIKE ? ESCAPE '!' OR a.id LIKE ? ESCAPE '!' OR a.id = ?", pattern, pattern, app).
				Select(ofHitApp).Order("a.sort_name, a.id")
		},
		func(db *gorm.DB) *gorm.DB {
			ids := s.fresh(db).Table("instances").Select("id").Where("container_id LIKE ? ESCAPE '!' OR id LIKE ? ESCAPE '!' OR host_id IN (?)",
				pattern, pattern, s.fresh(db).Table("hosts").Select("id").Where("LOWER(name) LIKE ? ESCAPE '!'", pattern)).Limit(limit)
			return db.Table("(?) AS f", ids).Joins("JOIN instances AS i ON i.id = f.id").
				Joins("JOIN apps AS a ON a.id = i.app_id").Joins("JOIN tenants AS t ON t.id = a.tenant_id").
				Select(ofHitApp + ", i.id, i.container_id, i.host_id, i.state").Order("a.sort_name, a.id, i.id")
		},
	} {
		var rows []hitRow
		if err := s.read(ctx, func(db *gorm.DB) error { return find(db).Limit(limit).Scan(&rows).Error }); err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return each(all, hitRow.hit), nil
}

const ofHitApp = "t.id AS tenant_id, t.name AS tenant_name, a.id AS app_id, a.name AS app_name, a.service_entry, a.state AS app_state"

// fresh is for a query inside another one.
func (support) fresh(db *gorm.DB) *gorm.DB { return db.Session(&gorm.Session{NewDB: true}) }
