package store

import (
	"context"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type portRow struct {
	HostID     string `gorm:"primaryKey"`
	Port       int    `gorm:"primaryKey;autoIncrement:false"`
	InstanceID string
}

func (portRow) TableName() string { return "ports" }

// ports takes ports of hosts. Whoever takes one holds the host's row meanwhile, so that takers queue; the schema
// refuses a double all the same.
type ports struct{ *Store }

// takeAny takes the next free port behind the one taken last, so that one just given back rests as long as can be:
// something may still be talking to it.
func (s ports) takeAny(ctx context.Context, hostID, instanceID string) (port int, err error) {
	err = s.transact(ctx, func(tx *Store) error {
		host, err := ports{tx}.hold(ctx, hostID)
		if err != nil {
			return err
		}
		held, err := ports{tx}.of(ctx, hostID)
		if err != nil {
			return err
		}
		if port = owned(held, instanceID); port != 0 {
			return nil // asked twice
		}
		if port = nextFree(host, held); port == 0 {
			return core.Errorf(core.ECONFLICT, "error.ports_exhausted", "host", host.Name)
		}
		return ports{tx}.insert(ctx, portRow{hostID, port, instanceID})
	})
	if err != nil {
		return 0, err
	}
	return port, nil
}

// take takes a certain port, unless the instance has it already.
func (s ports) take(ctx context.Context, hostID string, port int, instanceID string) error {
	if _, err := s.hold(ctx, hostID); err != nil {
		return err
	}
	var own int64
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Model(&portRow{}).Where("host_id = ? AND port = ? AND instance_id = ?", hostID, port, instanceID).
			Count(&own).Error
	})
	if err != nil || own == 1 {
		return err
	}
	return s.insert(ctx, portRow{hostID, port, instanceID})
}

func (s ports) hold(ctx context.Context, hostID string) (hostRow, error) {
	var host hostRow
	err := s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.Locking{Strength: "UPDATE"}).Take(&host, "id = ?", hostID).Error
	})
	return host, err
}

func (s ports) of(ctx context.Context, hostID string) (map[int]string, error) {
	var rows []portRow
	err := s.read(ctx, func(db *gorm.DB) error { return db.Find(&rows, "host_id = ?", hostID).Error })
	held := make(map[int]string, len(rows))
	for _, r := range rows {
		held[r.Port] = r.InstanceID
	}
	return held, err
}

func (s ports) insert(ctx context.Context, row portRow) error {
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	if err != nil {
		return taken(err, "port", "error.port_taken", "port", strconv.Itoa(row.Port))
	}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&hostRow{}).Where("id = ?", row.HostID).Update("port_last", row.Port).Error
	})
}

func owned(held map[int]string, instanceID string) int {
	for port, id := range held {
		if id == instanceID {
			return port
		}
	}
	return 0
}

// nextFree goes once round the pool; 0 when all is taken.
func nextFree(host hostRow, held map[int]string) int {
	size := host.PortTo - host.PortFrom + 1
	first := host.PortLast + 1
	if first < host.PortFrom || first > host.PortTo {
		first = host.PortFrom
	}
	for i := range size {
		port := host.PortFrom + (first-host.PortFrom+i)%size
		if held[port] == "" {
			return port
		}
	}
	return 0
}
