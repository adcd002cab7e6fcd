package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type certificateRow struct {
	ID         string
	AppID      optional // NULL for the base domain's
	TenantID   optional
	Domain     string
	Kind       core.CertificateKind
	Names      []string `gorm:"serializer:json"`
	Chain      string
	SealedKey  []byte
	Issuer     string
	NotBefore  moment
	NotAfter   moment
	Error      core.Text `gorm:"serializer:json"`
	Tries      int
	NextTry    moment
	WarnedAt   moment
	LeaseOwner string
	LeaseUntil moment
	CreatedAt  moment
	UpdatedAt  moment `gorm:"autoUpdateTime:false"`
}

func (certificateRow) TableName() string { return "certificates" }

func certificateSealName(id string) string { return "certificates/" + id }

func newCertificateRow(c core.Certificate) certificateRow {
	return certificateRow{ID: c.ID, AppID: optional(c.AppID), TenantID: optional(c.TenantID), Domain: c.Domain, Kind: c.Kind,
		Names: c.Names, Chain: c.Chain, Issuer: c.Issuer, NotBefore: moment(c.NotBefore), NotAfter: moment(c.NotAfter),
		Error: c.Error, Tries: c.Tries, NextTry: moment(c.NextTry), WarnedAt: moment(c.WarnedAt), CreatedAt: moment(c.CreatedAt),
		UpdatedAt: moment(c.UpdatedAt)}
}

func (r certificateRow) certificate() core.Certificate {
	return core.Certificate{ID: r.ID, AppID: string(r.AppID), TenantID: string(r.TenantID), Domain: r.Domain, Kind: r.Kind,
		Names: r.Names, Chain: r.Chain, Issuer: r.Issuer, NotBefore: time.Time(r.NotBefore), NotAfter: time.Time(r.NotAfter),
		Error: r.Error, Tries: r.Tries, NextTry: time.Time(r.NextTry), WarnedAt: time.Time(r.WarnedAt),
		CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt)}
}

type certificates struct{ *Store }

// Put takes whose the certificate is from the domain, so that the actor must see that; the base domain's is for who
// sees every tenant.
func (s certificates) Put(ctx context.Context, c core.Certificate) error {
	return s.transact(ctx, func(tx *Store) error {
		if c.AppID == "" {
			if !core.ActorFrom(ctx).AllTenants() {
				return core.NotFound()
			}
			c.TenantID = ""
		} else if d, err := tx.Domains().Get(ctx, c.AppID, c.Domain); err != nil {
			return err
		} else {
			c.TenantID = d.TenantID
		}
		if err := (certificates{tx}).Delete(ctx, c.AppID, c.Domain); err != nil {
			return err
		}
		row, err := tx.sealCertificate(c)
		if err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	})
}

func (s *Store) sealCertificate(c core.Certificate) (certificateRow, error) {
	row := newCertificateRow(c)
	if c.Key == nil {
		return row, nil
	}
	sealed, err := s.seal.seal(certificateSealName(c.ID), c.Key)
	row.SealedKey = sealed
	return row, err
}

// ofDomain narrows to the certificate of a domain; both "" for the base domain's.
func ofDomain(ctx context.Context, appID, domain string) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		if appID == "" {
			return scope(ctx, "tenant_id", "")(db).Where("id = ?", core.BaseCertificateID)
		}
		return ofApp(ctx)(db).Where("app_id = ? AND domain = ?", appID, domain)
	}
}

func (s certificates) Get(ctx context.Context, appID, domain string) (core.Certificate, error) {
	var row certificateRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofDomain(ctx, appID, domain)).Omit("sealed_key").Take(&row).Error
	})
	return row.certificate(), err
}

func (s certificates) List(ctx context.Context, appID string) ([]core.Certificate, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB { return db.Where("app_id = ?", appID).Order("domain") })
}

func (s certificates) list(ctx context.Context, narrow func(*gorm.DB) *gorm.DB) ([]core.Certificate, error) {
	var rows []certificateRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx), narrow).Omit("sealed_key").Find(&rows).Error
	})
	return each(rows, certificateRow.certificate), err
}

func (s certificates) Delete(ctx context.Context, appID, domain string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofDomain(ctx, appID, domain)).Delete(&certificateRow{}).Error
	})
}

// Ask looks for the row first: MySQL counts a row as changed only when something of it is.
func (s certificates) Ask(ctx context.Context, appID, domain string, at time.Time) error {
	return s.transact(ctx, func(tx *Store) error {
		if _, err := tx.Certificates().Get(ctx, appID, domain); err != nil {
			return err
		}
		return tx.write(ctx, func(db *gorm.DB) error {
			return db.Model(&certificateRow{}).Scopes(ofDomain(ctx, appID, domain)).
				Select("error", "tries", "next_try", "lease_owner", "lease_until").Updates(certificateRow{NextTry: moment(at)}).Error
		})
	})
}

// ofVerified narrows to the certificates of verified domains.
const ofVerified = "EXISTS (SELECT 1 FROM domains WHERE domains.app_id = certificates.app_id AND domains.name = certificates.domain " +
	"AND domains.verified AND domains.leads <> 'nowhere')"

const ofHeld = "EXISTS (SELECT 1 FROM domains WHERE domains.app_id = certificates.app_id AND domains.name = certificates.domain " +
	"AND domains.verified)"

func (s certificates) Presented(ctx context.Context) ([]core.Certificate, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("chain <> '' AND (app_id IS NULL OR " + ofHeld + ")").Order("id")
	})
}

func (s certificates) Failing(ctx context.Context, tries int) ([]core.Certificate, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("chain = '' AND tries >= ? AND "+ofVerified, tries).Order("id")
	})
}

func (s certificates) Key(ctx context.Context, id string) (key []byte, err error) {
	var row certificateRow
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Take(&row, "id = ? AND sealed_key IS NOT NULL", id).Error
	})
	if err != nil {
		return nil, err
	}
	err = s.seal.open(certificateSealName(id), row.SealedKey, &key)
	return key, err
}

// Claim tells by what it changes whether it was first.
func (s certificates) Claim(ctx context.Context, at time.Time, owner string, lease time.Duration) (core.Certificate, error) {
	due, err := s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where(claimable(at)).Where("app_id IS NULL OR " + ofVerified).Order("next_try").Limit(10)
	})
	for _, c := range due {
		claimed := false
		err = s.write(ctx, func(db *gorm.DB) error {
			db = db.Model(&certificateRow{}).Where("id = ?", c.ID).Where(claimable(at)).
				Updates(map[string]any{"lease_owner": owner, "lease_until": moment(at.Add(lease))})
			claimed = db.RowsAffected == 1
			return db.Error
		})
		if err != nil || claimed {
			return c, err
		}
	}
	return core.Certificate{}, err
}

func claimable(at time.Time) clause.Expr {
	return gorm.Expr("next_try <= ? AND (lease_until IS NULL OR lease_until <= ?)", moment(at), moment(at))
}

func (s certificates) Settle(ctx context.Context, c core.Certificate, owner string) error {
	row, err := s.sealCertificate(c)
	if err != nil {
		return err
	}
	columns := []string{"kind", "names", "chain", "issuer", "not_before", "not_after", "error", "tries", "next_try", "warned_at", "updated_at",
		"lease_owner", "lease_until"}
	if c.Key != nil {
		columns = append(columns, "sealed_key")
	}
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&certificateRow{}).Where("id = ? AND lease_owner = ?", c.ID, owner).Select(columns).Updates(row))
	})
}

func (s certificates) Ending(ctx context.Context, before time.Time) ([]core.Certificate, error) {
	return s.list(ctx, func(db *gorm.DB) *gorm.DB {
		return db.Where("chain <> '' AND not_after < ? AND warned_at IS NULL", moment(before)).Order("not_after").Limit(100)
	})
}

func (s certificates) Warned(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&certificateRow{}).Where("id = ?", id).Update("warned_at", moment(at)).Error
	})
}
