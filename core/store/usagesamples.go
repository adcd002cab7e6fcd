package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type sampleRow struct {
	TenantID string `gorm:"primaryKey"`
	Hour     moment `gorm:"primaryKey"`
	Resource core.Resource
	Peak     int64
}

func (sampleRow) TableName() string { return "usage_samples" }

// largerPeak is what each dialect says to keep the larger of two.
var largerPeak = map[string]string{
	"sqlite": "ON CONFLICT (tenant_id, hour, resource) DO UPDATE SET peak = MAX(peak, excluded.peak)",
	"mysql":  "ON DUPLICATE KEY UPDATE usage_samples.peak = GREATEST(usage_samples.peak, VALUES(peak))",
}

// Sample is not scoped: it is for the workers. Two of them at the same time note the same.
func (s usage) Sample(ctx context.Context, hour time.Time) error {
	return s.transact(ctx, func(tx *Store) error {
		return tx.write(ctx, func(db *gorm.DB) error {
			err := db.Exec("INSERT INTO usage_samples (tenant_id, hour, resource, peak) SELECT tenant_id, ?, resource, peak "+
				"FROM usage_sums WHERE resource <> '' AND peak > 0 "+largerPeak[db.Name()], moment(hour.Truncate(time.Hour))).Error
			if err != nil {
				return err
			}
			return db.Exec("UPDATE usage_sums SET peak = amount WHERE peak <> amount").Error
		})
	})
}

func (s usage) Samples(ctx context.Context, tenantID string, from time.Time) ([]core.UsageSample, error) {
	var rows []sampleRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(scope(ctx, "tenant_id", "")).Order("hour").Find(&rows, "tenant_id = ? AND hour >= ?", tenantID, moment(from)).Error
	})
	var samples []core.UsageSample
	for _, r := range rows {
		n := len(samples)
		if n == 0 || !samples[n-1].Hour.Equal(time.Time(r.Hour)) {
			samples = append(samples, core.UsageSample{Hour: time.Time(r.Hour), Peaks: core.Amounts{}})
			n++
		}
		samples[n-1].Peaks[r.Resource] = r.Peak
	}
	return samples, err
}

// PruneSamples is not scoped: housekeeping calls it.
func (s usage) PruneSamples(ctx context.Context, before time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&sampleRow{}, "hour < ?", moment(before)).Error
	})
}
