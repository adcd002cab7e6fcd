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
	PasswordHash string
	Operator     bool
	Support      bool
	Language     string
	Theme        string
	CreatedAt    moment
}

func (userRow) TableName() string { return "users" }

func newUserRow(u core.User) userRow {
	return userRow{ID: u.ID, Email: u.Email, Name: u.Name, PasswordHash: u.PasswordHash, Operator: u.Operator, Support: u.Support,
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
			Select("name", "password_hash", "operator", "support", "language", "theme").Updates(newUserRow(u)))
	})
}

func (s users) Count(ctx context.Context) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error { return db.Model(&userRow{}).Count(&n).Error })
	return int(n), err
}
