package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type hostRow struct {
	ID       string
	Name     string
	Address  string
	Labels   map[string]string `gorm:"serializer:json"`
	Memory   core.Bytes
	CPU      core.MilliCPU `gorm:"column:cpu"`
	Arch     string
	OS       string `gorm:"column:os"`
	Engine   string
	PortFrom int
	PortTo   int
	PortLast int // taken last; Put leaves it alone
	Cordoned bool
	Status   core.HostStatus
	Reason   core.Text `gorm:"serializer:json"`
	SeenAt   moment
}

func (hostRow) TableName() string { return "hosts" }

func (r hostRow) host() core.Host {
	return core.Host{ID: r.ID, Name: r.Name, Address: r.Address, Labels: r.Labels, Memory: r.Memory, CPU: r.CPU,
		Arch: r.Arch, OS: r.OS, Engine: r.Engine, PortFrom: r.PortFrom, PortTo: r.PortTo, Cordoned: r.Cordoned,
		Status: r.Status, Reason: r.Reason, SeenAt: time.Time(r.SeenAt)}
}

type hosts struct{ *Store }

func (s hosts) Put(ctx context.Context, h core.Host) error {
	row := hostRow{ID: h.ID, Name: h.Name, Address: h.Address, Labels: h.Labels, Memory: h.Memory, CPU: h.CPU,
		Arch: h.Arch, OS: h.OS, Engine: h.Engine, PortFrom: h.PortFrom, PortTo: h.PortTo, Cordoned: h.Cordoned,
		Status: h.Status, Reason: h.Reason, SeenAt: moment(h.SeenAt)}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "id"}},
			DoUpdates: clause.AssignmentColumns([]string{"name", "address", "labels", "memory", "cpu", "arch", "os",
				"engine", "port_from", "port_to", "cordoned", "status", "reason", "seen_at"}),
		}).Create(&row).Error
	})
}

func (s hosts) Get(ctx context.Context, id string) (core.Host, error) {
	var row hostRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Take(&row, "id = ?", id).Error })
	return row.host(), err
}

func (s hosts) List(ctx context.Context) ([]core.Host, error) {
	var rows []hostRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Order("name, id").Find(&rows).Error })
	return each(rows, hostRow.host), err
}

func (s hosts) Use(ctx context.Context) (map[string]core.HostUse, error) {
	var asked, taken []struct {
		HostID string
		Memory core.Bytes
		CPU    core.MilliCPU
		Count  int
	}
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Table("instances AS i").
			Joins("JOIN releases AS r ON r.app_id = i.app_id AND r.number = i.release_number").Group("i.host_id").
			Select("i.host_id, SUM(r.memory) AS memory, SUM(r.cpu) AS cpu, COUNT(*) AS count").Scan(&asked).Error
	})
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&portRow{}).Group("host_id").Select("host_id, COUNT(*) AS count").Scan(&taken).Error
	})
	use := map[string]core.HostUse{}
	for _, a := range asked {
		use[a.HostID] = core.HostUse{Memory: a.Memory, CPU: a.CPU, Instances: a.Count}
	}
	for _, t := range taken {
		u := use[t.HostID]
		u.Ports = t.Count
		use[t.HostID] = u
	}
	return use, err
}

func (s hosts) TakePort(ctx context.Context, hostID, instanceID string) (int, error) {
	return ports(s).takeAny(ctx, hostID, instanceID)
}

func (s hosts) FreePort(ctx context.Context, instanceID string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Delete(&portRow{}, "instance_id = ?", instanceID).Error
	})
}

func (s hosts) Ports(ctx context.Context, hostID string) (map[int]string, error) {
	return ports(s).of(ctx, hostID)
}
