package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type userRow struct {
	ID           string
	Email        string
	Name         string
	SortName     string
	PasswordHash string
	Operator     bool
	Support      bool
	Language     string
	Theme        string
	CreatedAt    moment
}

func (userRow) TableName() string { return "users" }

func newUserRow(u core.User) userRow {
	return userRow{ID: u.ID, Email: u.Email, Name: u.Name, SortName: sortName(u.Name), PasswordHash: u.PasswordHash, Operator: u.Operator, Support: u.Support,
		Language: u.Language, Theme: u.Theme, CreatedAt: moment(u.CreatedAt)}
}

func (r userRow) user() core.User {
	return core.User{ID: r.ID, Email: r.Email, Name: r.Name, PasswordHash: r.PasswordHash, Operator: r.Operator, Support: r.Support,
		Language: r.Language, Theme: r.Theme, CreatedAt: time.Time(r.CreatedAt)}
}

type users struct{ *Store }

func (s users) Create(ctx context.Context, u core.User) error {
	row := newUserRow(u)
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	return taken(err, "email", "error.email_taken", "email", u.Email)
}

func (s users) Get(ctx context.Context, id string) (core.User, error) {
	return s.by(ctx, "id = ?", id)
}

func (s users) ByEmail(ctx context.Context, email string) (core.User, error) {
	return s.by(ctx, "email = ?", email)
}

func (s users) by(ctx context.Context, where, value string) (core.User, error) {
	var row userRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, where, value).Error })
	return row.user(), err
}

func (s users) Update(ctx context.Context, u core.User) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&userRow{}).Where("id = ?", u.ID).
			Select("name", "sort_name", "password_hash", "operator", "support", "language", "theme").Updates(newUserRow(u)))
	})
}

func (s users) Count(ctx context.Context) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error { return db.Model(&userRow{}).Count(&n).Error })
	return int(n), err
}

func (s users) Operators(ctx context.Context) ([]string, error) {
	ids := []string{}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&userRow{}).Where("operator").Order("id").Pluck("id", &ids).Error
	})
	return ids, err
}

func (s users) List(ctx context.Context, f core.UserFilter) ([]core.Person, string, error) {
	after, err := parseNameCursor(f.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := atMost(f.Limit, 100)
	var rows []userRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(after.narrow, named(f.Search, "sort_name", "email")).
			Order("sort_name, id").Limit(limit + 1).Find(&rows).Error
	})
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = nameCursor{rows[limit-1].SortName, rows[limit-1].ID}.String()
	}
	people := make([]core.Person, len(rows))
	ids := make([]string, len(rows))
	for i, r := range rows {
		people[i].User, ids[i] = r.user(), r.ID
		people[i].User.PasswordHash = ""
	}
	tenancies, err := s.tenancies(ctx, ids)
	for i := range people {
		people[i].Tenants = tenancies[people[i].User.ID]
	}
	return people, next, err
}

// tenancies returns by person the tenants that they are in.
func (s users) tenancies(ctx context.Context, userIDs []string) (map[string][]core.Tenancy, error) {
	var rows []struct {
		Tenant tenantRow `gorm:"embedded"`
		UserID string
		Role   core.Role
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&tenantRow{}).Joins("JOIN memberships ON memberships.tenant_id = tenants.id").
			Where("memberships.user_id IN ?", userIDs).Select("tenants.*, memberships.user_id, memberships.role").
			Order("tenants.sort_name, tenants.id").Find(&rows).Error
	})
	of := map[string][]core.Tenancy{}
	for _, r := range rows {
		of[r.UserID] = append(of[r.UserID], core.Tenancy{Tenant: r.Tenant.tenant(), Role: r.Role})
	}
	return of, err
}

// Delete leaves memberships to the schema. Tokens that belong to a tenant stay with it.
func (s users) Delete(ctx context.Context, id string) error {
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			if err := db.Delete(&tokenRow{}, "user_id = ? AND tenant_id IS NULL", id).Error; err != nil {
				return err
			}
			if err := db.Delete(&sessionRow{}, "user_id = ?", id).Error; err != nil {
				return err
			}
			return found(db.Delete(&userRow{}, "id = ?", id))
		})
	})
}
