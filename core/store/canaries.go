package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

type canaryRow struct {
	ID            string
	TenantID      string
	AppID         string
	OpenApp       optional    // the app while the trial is open: unique, so that there is one at a time
	Stable        core.Target `gorm:"serializer:json"`
	Candidate     core.Target `gorm:"serializer:json"`
	BeforeRelease int
	ReleaseNumber int
	Share         int
	Steps         []core.CanaryStep `gorm:"serializer:json"`
	Limits        core.CanaryLimits `gorm:"serializer:json"`
	Status        core.CanaryStatus
	Reason        core.Text `gorm:"serializer:json"`
	Author        string
	CreatedAt     moment
	EndedAt       moment
	Revision      int64
	StepAt        moment
	Counts        canaryCounts `gorm:"serializer:json"`
}

// canaryCounts are together in a column, since they are only read and written together.
type canaryCounts struct{ Base, Last, Carried core.CanaryCounts }

func (canaryRow) TableName() string { return "canaries" }

func newCanaryRow(c core.Canary) canaryRow {
	r := canaryRow{ID: c.ID, TenantID: c.TenantID, AppID: c.AppID, Stable: c.Stable, Candidate: c.Candidate,
		BeforeRelease: c.Before, ReleaseNumber: c.Release, Share: c.Share, Steps: c.Steps, Limits: c.Limits, Status: c.Status,
		Reason: c.Reason, Author: c.Author, CreatedAt: moment(c.CreatedAt), EndedAt: moment(c.EndedAt), Revision: c.Revision,
		StepAt: moment(c.StepAt), Counts: canaryCounts{c.Base, c.Last, c.Carried}}
	if c.Open() {
		r.OpenApp = optional(c.AppID)
	}
	return r
}

func (r canaryRow) canary() core.Canary {
	return core.Canary{ID: r.ID, TenantID: r.TenantID, AppID: r.AppID, Stable: r.Stable, Candidate: r.Candidate,
		Before: r.BeforeRelease, Release: r.ReleaseNumber, Share: r.Share, Steps: r.Steps, Limits: r.Limits, Status: r.Status,
		Reason: r.Reason, Author: r.Author, CreatedAt: time.Time(r.CreatedAt), EndedAt: time.Time(r.EndedAt), Revision: r.Revision,
		StepAt: time.Time(r.StepAt), Base: r.Counts.Base, Last: r.Counts.Last, Carried: r.Counts.Carried}
}

type canaries struct{ *Store }

func (s canaries) Create(ctx context.Context, c core.Canary) error {
	if err := admit(ctx, c.TenantID, c.AppID); err != nil {
		return err
	}
	row := newCanaryRow(c)
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	if core.ErrorCode(err) == core.ECONFLICT {
		return core.Errorf(core.ECONFLICT, "error.canary_open")
	}
	return err
}

func (s canaries) Latest(ctx context.Context, appID string) (core.Canary, error) {
	var row canaryRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Where("app_id = ?", appID).Order("id DESC").Take(&row).Error
	})
	return row.canary(), err
}

func (s canaries) Open(ctx context.Context) ([]core.Canary, error) {
	var rows []canaryRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Order("id").Find(&rows, "open_app IS NOT NULL").Error
	})
	return each(rows, canaryRow.canary), err
}

func (s canaries) Update(ctx context.Context, c core.Canary) error {
	row := newCanaryRow(c)
	row.Revision++
	row.StepAt, row.Counts = moment{}, canaryCounts{}
	return s.transact(ctx, func(tx *Store) error {
		changed := int64(0)
		err := tx.write(ctx, func(db *gorm.DB) error {
			mine := func() *gorm.DB {
				return db.Model(&canaryRow{}).Scopes(ofApp(ctx)).Where("id = ? AND revision = ?", c.ID, c.Revision)
			}
			// A new release begins a new step, whose counts are its own.
			anew := mine().Where("release_number <> ?", c.Release).Select("step_at", "counts").Updates(row)
			if anew.Error != nil {
				return anew.Error
			}
			written := mine().Select("open_app", "release_number", "share", "status", "reason", "ended_at", "revision").Updates(row)
			changed = written.RowsAffected
			return written.Error
		})
		if err != nil || changed == 1 {
			return err
		}
		if err := tx.read(ctx, func(db *gorm.DB) error {
			return db.Scopes(ofApp(ctx)).Take(&canaryRow{}, "id = ?", c.ID).Error
		}); err != nil {
			return err
		}
		return core.Errorf(core.ECONFLICT, "error.changed_meanwhile")
	})
}

func (s canaries) UpdateStatus(ctx context.Context, c core.Canary) error {
	row := newCanaryRow(c)
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&canaryRow{}).Scopes(ofApp(ctx)).Where("id = ? AND release_number = ?", c.ID, c.Release).
			Select("step_at", "counts").Updates(row))
	})
}
