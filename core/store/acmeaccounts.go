package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type acmeAccountRow struct {
	Directory string `gorm:"primaryKey"`
	Location  string
	SealedKey []byte
	CreatedAt moment
}

func (acmeAccountRow) TableName() string { return "acme_accounts" }

func accountSealName(directory string) string { return "acme_accounts/" + directory }

// Account is not scoped: it is for the workers.
func (s certificates) Account(ctx context.Context, directory string) (core.ACMEAccount, error) {
	var row acmeAccountRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "directory = ?", directory).Error })
	if err != nil {
		return core.ACMEAccount{}, err
	}
	a := core.ACMEAccount{Directory: row.Directory, Location: row.Location, CreatedAt: time.Time(row.CreatedAt)}
	err = s.seal.open(accountSealName(directory), row.SealedKey, &a.Key)
	return a, err
}

func (s certificates) CreateAccount(ctx context.Context, a core.ACMEAccount) error {
	sealed, err := s.seal.seal(accountSealName(a.Directory), a.Key)
	if err != nil {
		return err
	}
	row := acmeAccountRow{Directory: a.Directory, Location: a.Location, SealedKey: sealed, CreatedAt: moment(a.CreatedAt)}
	return s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
}
