package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type domainRow struct {
	AppID       string `gorm:"primaryKey"`
	Name        string `gorm:"primaryKey"`
	TenantID    string
	Held        optional // Name where it is verified: unique
	Redirect    string
	HTTPS       bool `gorm:"column:https"`
	Certificate core.CertificateKind
	Challenge   string
	Author      string
	CreatedAt   moment
	Verified    bool
	VerifiedAt  moment
	LostAt      moment
	Leads       core.Lead
	CheckedAt   moment
	NextCheck   moment
	Problem     core.Text `gorm:"serializer:json"`

	Certified bool `gorm:"->"` // computed; see certified
}

func (domainRow) TableName() string { return "domains" }

func newDomainRow(d core.Domain) domainRow {
	r := domainRow{AppID: d.AppID, Name: d.Name, TenantID: d.TenantID, Redirect: d.Redirect, HTTPS: d.HTTPS,
		Certificate: d.Certificate, Challenge: d.Challenge, Author: d.Author, CreatedAt: moment(d.CreatedAt), Verified: d.Verified,
		VerifiedAt: moment(d.VerifiedAt), LostAt: moment(d.LostAt), Leads: d.Leads, CheckedAt: moment(d.CheckedAt),
		NextCheck: moment(d.NextCheck), Problem: d.Problem}
	if d.Verified {
		r.Held = optional(d.Name)
	}
	return r
}

func (r domainRow) domain() core.Domain {
	return core.Domain{Name: r.Name, AppID: r.AppID, TenantID: r.TenantID, Redirect: r.Redirect, HTTPS: r.HTTPS,
		Certificate: r.Certificate, Challenge: r.Challenge, Author: r.Author, CreatedAt: time.Time(r.CreatedAt), Verified: r.Verified,
		VerifiedAt: time.Time(r.VerifiedAt), LostAt: time.Time(r.LostAt), Leads: r.Leads, CheckedAt: time.Time(r.CheckedAt),
		NextCheck: time.Time(r.NextCheck), Problem: r.Problem, Certified: r.Certified}
}

type domains struct{ *Store }

func (s domains) Create(ctx context.Context, d core.Domain) error {
	if err := admit(ctx, d.TenantID, d.AppID); err != nil {
		return err
	}
	row := newDomainRow(d)
	return s.transact(ctx, func(tx *Store) error {
		if held, err := (domains{tx}).held(ctx, d.Name); err != nil || held {
			return errOrTaken(err, d.Name)
		}
		err := tx.write(ctx, func(db *gorm.DB) error { return db.Omit("certified").Create(&row).Error })
		return taken(err, "domain", "error.domain_twice", "domain", d.Name)
	})
}

func errOrTaken(err error, name string) error {
	if err != nil {
		return err
	}
	return core.Conflict("domain", "error.domain_taken", "domain", name)
}

// held is not scoped: a name is unique over all tenants.
func (s domains) held(ctx context.Context, name string) (bool, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error { return db.Model(&domainRow{}).Where("held = ?", name).Count(&n).Error })
	return n > 0, err
}

// certified has a query find whether a certificate is there.
func certified(db *gorm.DB) *gorm.DB {
	return db.Select("domains.*, EXISTS (SELECT 1 FROM certificates WHERE certificates.app_id = domains.app_id AND " +
		"certificates.domain = domains.name AND certificates.chain <> '') AS certified")
}

func (s domains) Get(ctx context.Context, appID, name string) (core.Domain, error) {
	var row domainRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx), certified).Take(&row, "app_id = ? AND name = ?", appID, name).Error
	})
	return row.domain(), err
}

func (s domains) List(ctx context.Context, appID string) ([]core.Domain, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("app_id = ?", appID).Order("name") })
}

func (s domains) Verified(ctx context.Context) ([]core.Domain, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("verified").Order("app_id, name") })
}

func (s domains) Due(ctx context.Context, at time.Time, limit int) ([]core.Domain, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("next_check <= ? OR checked_at > ?", moment(at), moment(at)).Order("next_check").Limit(limit)
	})
}

func (s domains) list(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) ([]core.Domain, error) {
	var rows []domainRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Scopes(ofApp(ctx), certified, narrow).Find(&rows).Error })
	return each(rows, domainRow.domain), err
}

func (s domains) Count(ctx context.Context, appID string) (int, error) {
	var n int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&domainRow{}).Scopes(ofApp(ctx)).Where("app_id = ?", appID).Count(&n).Error
	})
	return int(n), err
}

func (s domains) UpdateSpec(ctx context.Context, d core.Domain) error {
	return s.update(ctx, d, "redirect", "https", "certificate")
}

func (s domains) UpdateStatus(ctx context.Context, d core.Domain) error {
	err := s.update(ctx, d, "held", "verified", "verified_at", "lost_at", "leads", "checked_at", "next_check", "problem")
	return taken(err, "domain", "error.domain_taken", "domain", d.Name)
}

// update looks for the row first: MySQL counts a row as changed only when something of it is.
func (s domains) update(ctx context.Context, d core.Domain, columns ...string) error {
	return s.transact(ctx, func(tx *Store) error {
		if _, err := tx.Domains().Get(ctx, d.AppID, d.Name); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			return db.Model(&domainRow{}).Scopes(ofApp(ctx)).Where("app_id = ? AND name = ?", d.AppID, d.Name).
				Select(columns).Updates(newDomainRow(d)).Error
		})
	})
}

func (s domains) Delete(ctx context.Context, appID, name string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(ofApp(ctx)).Delete(&domainRow{}, "app_id = ? AND name = ?", appID, name))
	})
}
