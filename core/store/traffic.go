package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

// trafficRow is a step of an app. Times and lengths are in seconds.
type trafficRow struct {
	AppID    string `gorm:"primaryKey"`
	TenantID string
	Length   int64 `gorm:"primaryKey;autoIncrement:false"`
	At       int64 `gorm:"primaryKey;autoIncrement:false"`
	Counts   []byte
}

func (trafficRow) TableName() string { return "traffic" }

// trafficCounts is what Counts holds. Short names and no zeros: there are many rows.
type trafficCounts struct {
	Total     stepCounts            `json:"t"`
	Versions  map[string]stepCounts `json:"v,omitempty"`
	Domains   map[string]stepCounts `json:"d,omitempty"`
	Instances map[string]stepCounts `json:"i,omitempty"`
	Paths     []core.PathCount      `json:"p,omitempty"`
}

type stepCounts struct {
	Requests   int64           `json:"n,omitempty"`
	Failed     int64           `json:"f,omitempty"`
	Retried    int64           `json:"r,omitempty"`
	Unanswered int64           `json:"u,omitempty"`
	Active     int64           `json:"a,omitempty"`
	In         int64           `json:"i,omitempty"`
	Out        int64           `json:"o,omitempty"`
	Classes    map[int]int64   `json:"c,omitempty"`
	Latency    map[int8]uint64 `json:"l,omitempty"`
}

func newStepCounts(c core.RequestCounts) stepCounts {
	s := stepCounts{Requests: c.Requests, Failed: c.Failed, Retried: c.Retried, Unanswered: c.Unanswered, Active: c.Active, In: c.BytesIn, Out: c.BytesOut,
		Classes: map[int]int64{}, Latency: map[int8]uint64{}}
	for i, n := range c.Classes {
		if n != 0 {
			s.Classes[i] = n
		}
	}
	for i, n := range c.Latency {
		if n > 0 {
			s.Latency[int8(i)] = uint64(n)
		}
	}
	return s
}

func (s stepCounts) counts() core.RequestCounts {
	c := core.RequestCounts{Requests: s.Requests, Failed: s.Failed, Retried: s.Retried, Unanswered: s.Unanswered, Active: s.Active, BytesIn: s.In, BytesOut: s.Out}
	for i, n := range s.Classes {
		if i >= 0 && i < len(c.Classes) {
			c.Classes[i] = n
		}
	}
	for i, n := range s.Latency {
		if i >= 0 && int(i) < len(c.Latency) {
			c.Latency[i] = int64(n)
		}
	}
	return c
}

func mapCounts[A, B any](m map[string]A, f func(A) B) map[string]B {
	out := make(map[string]B, len(m))
	for key, v := range m {
		out[key] = f(v)
	}
	return out
}

func newTrafficRow(s core.TrafficStep, tenantID string) (trafficRow, error) {
	counts, err := json.Marshal(trafficCounts{Total: newStepCounts(s.Total), Versions: mapCounts(s.Versions, newStepCounts),
		Domains: mapCounts(s.Domains, newStepCounts), Instances: mapCounts(s.Instances, newStepCounts), Paths: s.Paths})
	return trafficRow{AppID: s.AppID, TenantID: tenantID, Length: int64(s.Length / time.Second), At: s.At.Unix(), Counts: counts}, err
}

func (r trafficRow) step() (core.TrafficStep, error) {
	var c trafficCounts
	err := json.Unmarshal(r.Counts, &c)
	return core.TrafficStep{AppID: r.AppID, At: time.Unix(r.At, 0).UTC(), Length: time.Duration(r.Length) * time.Second, Total: c.Total.counts(),
		Versions: mapCounts(c.Versions, stepCounts.counts), Domains: mapCounts(c.Domains, stepCounts.counts),
		Instances: mapCounts(c.Instances, stepCounts.counts), Paths: c.Paths}, err
}

type traffic struct{ *Store }

// trafficBatch is how many rows one statement writes: fewer than a thousand apps cost one.
const trafficBatch = 1000

func (s traffic) Put(ctx context.Context, steps []core.TrafficStep) error {
	for batch := range slices.Chunk(steps, trafficBatch) {
		if err := s.put(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

func (s traffic) put(ctx context.Context, steps []core.TrafficStep) error {
	ids := make([]string, len(steps))
	for i, step := range steps {
		ids[i] = step.AppID
	}
	return s.write(ctx, func(db *gorm.DB) error {
		var owners []appRow
		if err := db.Scopes(scope(ctx, "tenant_id", "id")).Select("id", "tenant_id").Find(&owners, "id IN ?", ids).Error; err != nil {
			return err
		}
		tenants := map[string]string{}
		for _, a := range owners {
			tenants[a.ID] = a.TenantID
		}
		rows := make([]trafficRow, 0, len(steps))
		for _, step := range steps {
			tenant, ok := tenants[step.AppID]
			if !ok {
				continue
			}
			row, err := newTrafficRow(step, tenant)
			if err != nil {
				return err
			}
			rows = append(rows, row)
		}
		if len(rows) == 0 {
			return nil
		}
		return db.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "app_id"}, {Name: "length"}, {Name: "at"}},
			DoUpdates: clause.AssignmentColumns([]string{"counts"}),
		}).Create(&rows).Error
	})
}

func (s traffic) List(ctx context.Context, appID string, length time.Duration, from, to time.Time) ([]core.TrafficStep, error) {
	var rows []trafficRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Order("at").Find(&rows, "app_id = ? AND length = ? AND at >= ? AND at < ?",
			appID, int64(length/time.Second), from.Unix(), to.Unix()).Error
	})
	if err != nil {
		return nil, err
	}
	steps := make([]core.TrafficStep, len(rows))
	for i, row := range rows {
		if steps[i], err = row.step(); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// Sum reads row by row, so that it holds no more than one step of each app.
func (s traffic) Sum(ctx context.Context, length time.Duration, from, to time.Time) ([]core.TrafficStep, error) {
	sums := map[string]core.TrafficStep{}
	err := s.read(ctx, func(db *gorm.DB) error {
		clear(sums)
		rows, err := db.Model(&trafficRow{}).Where("length = ? AND at >= ? AND at < ?", int64(length/time.Second), from.Unix(), to.Unix()).Rows()
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var row trafficRow
			if err := db.ScanRows(rows, &row); err != nil {
				return err
			}
			step, err := row.step()
			if err != nil {
				return err
			}
			sum := sums[row.AppID].Plus(step)
			sum.AppID = row.AppID
			sum.Bound()
			sums[row.AppID] = sum
		}
		return rows.Err()
	})
	all := make([]core.TrafficStep, 0, len(sums))
	for _, step := range sums {
		all = append(all, step)
	}
	return all, err
}

func (s traffic) Prune(ctx context.Context, length time.Duration, before time.Time) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&trafficRow{}, "length = ? AND at < ?", int64(length/time.Second), before.Unix()).Error
	})
}
