package store

import (
	"context"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"berth/core"
)

type tcpPortRow struct {
	Port       int    `gorm:"primaryKey;autoIncrement:false"`
	ServerName string `gorm:"primaryKey"`
	AppID      string
	TenantID   string
	TLS        core.TCPTLS `gorm:"column:tls"`
	AllowList  []string    `gorm:"serializer:json"`
	DenyList   []string    `gorm:"serializer:json"`
	Proxy      bool
	Author     string
	CreatedAt  moment
}

func (tcpPortRow) TableName() string { return "tcp_ports" }

func newTCPPortRow(p core.TCPPort) tcpPortRow {
	return tcpPortRow{Port: p.Port, ServerName: p.ServerName, AppID: p.AppID, TenantID: p.TenantID, TLS: p.TLS, AllowList: p.Allow,
		DenyList: p.Deny, Proxy: p.Proxy, Author: p.Author, CreatedAt: moment(p.CreatedAt)}
}

func (r tcpPortRow) port() core.TCPPort {
	return core.TCPPort{AppID: r.AppID, TenantID: r.TenantID, Port: r.Port, ServerName: r.ServerName, TLS: r.TLS, Allow: r.AllowList,
		Deny: r.DenyList, Proxy: r.Proxy, Author: r.Author, CreatedAt: time.Time(r.CreatedAt)}
}

// tcpPoolRow is the one row that whoever takes a port holds meanwhile.
type tcpPoolRow struct {
	ID   int
	Last int
}

func (tcpPoolRow) TableName() string { return "tcp_pool" }

type tcpPorts struct{ *Store }

func (s tcpPorts) Create(ctx context.Context, p core.TCPPort, pool core.TCPPool) (core.TCPPort, error) {
	if err := admit(ctx, p.TenantID, p.AppID); err != nil {
		return p, err
	}
	wanted := p.Port
	err := s.transact(ctx, func(tx *Store) (err error) {
		p.Port = wanted
		all, last, err := tcpPorts{tx}.hold(ctx)
		if err != nil {
			return err
		}
		if err := refuseTCPPort(all, p); err != nil {
			return err
		}
		if p.Port == 0 {
			if p.Port = nextTCPPort(pool, last, all); p.Port == 0 {
				return core.Conflict("port", "error.tcp_ports_exhausted")
			}
		}
		return tcpPorts{tx}.insert(ctx, newTCPPortRow(p))
	})
	return p, err
}

// hold has others wait that take a port, and returns those that are taken, of all tenants.
func (s tcpPorts) hold(ctx context.Context) (all []tcpPortRow, last int, err error) {
	var pool tcpPoolRow
	err = s.write(ctx, func(db *gorm.DB) error {
		return db.Clauses(clause.Locking{Strength: "UPDATE"}).Take(&pool, "id = 1").Error
	})
	if err == nil {
		err = s.read(ctx, func(db *gorm.DB) error {
			return db.Select("port", "server_name", "app_id", "tenant_id").Find(&all).Error
		})
	}
	return all, pool.Last, err
}

func (s tcpPorts) insert(ctx context.Context, row tcpPortRow) error {
	err := s.write(ctx, func(db *gorm.DB) error { return db.Create(&row).Error })
	if err != nil {
		return taken(err, "port", "error.tcp_port_taken", "port", strconv.Itoa(row.Port))
	}
	return s.write(ctx, func(db *gorm.DB) error {
		return db.Model(&tcpPoolRow{}).Where("id = 1").Update("last", row.Port).Error
	})
}

// refuseTCPPort says why p cannot be beside those that are there. Nothing tells a port of another tenant from one of
// the app itself.
func refuseTCPPort(all []tcpPortRow, p core.TCPPort) error {
	own := 0
	for _, r := range all {
		if r.AppID == p.AppID {
			own++
		}
		switch {
		case p.Port == 0 || r.Port != p.Port:
		case r.TenantID != p.TenantID || r.ServerName == "" || p.ServerName == "":
			return core.Conflict("port", "error.tcp_port_taken", "port", strconv.Itoa(p.Port))
		case r.ServerName == p.ServerName:
			return core.Conflict("server_name", "error.tcp_name_taken", "name", p.ServerName)
		}
	}
	if own >= core.MaxTCPPorts {
		return core.Errorf(core.ECONFLICT, "error.tcp_ports_many", "max", strconv.Itoa(core.MaxTCPPorts))
	}
	return nil
}

// nextTCPPort goes once round the pool; 0 when all is taken.
func nextTCPPort(pool core.TCPPool, last int, all []tcpPortRow) int {
	size := pool.To - pool.From + 1
	first := last + 1
	if first < pool.From || first > pool.To {
		first = pool.From
	}
	for i := range size {
		port := pool.From + (first-pool.From+i)%size
		if !slices.ContainsFunc(all, func(r tcpPortRow) bool { return r.Port == port }) {
			return port
		}
	}
	return 0
}

func (s tcpPorts) Get(ctx context.Context, appID string, port int, serverName string) (core.TCPPort, error) {
	var row tcpPortRow
	err := s.read(ctx, func(db *gorm.DB) error {
		return db.Scopes(ofApp(ctx)).Take(&row, "app_id = ? AND port = ? AND server_name = ?", appID, port, serverName).Error
	})
	return row.port(), err
}

func (s tcpPorts) List(ctx context.Context, appID string) ([]core.TCPPort, error) {
	var rows []tcpPortRow
	err := s.read(ctx, func(db *gorm.DB) error {
		db = db.Scopes(ofApp(ctx)).Order("port, server_name")
		if appID != "" {
			db = db.Where("app_id = ?", appID)
		}
		return db.Find(&rows).Error
	})
	return each(rows, tcpPortRow.port), err
}

func (s tcpPorts) Update(ctx context.Context, p core.TCPPort) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Model(&tcpPortRow{}).Scopes(ofApp(ctx)).
			Where("app_id = ? AND port = ? AND server_name = ?", p.AppID, p.Port, p.ServerName).
			Select("tls", "allow_list", "deny_list", "proxy").Updates(newTCPPortRow(p)))
	})
}

func (s tcpPorts) Delete(ctx context.Context, appID string, port int, serverName string) error {
	return s.write(ctx, func(db *gorm.DB) error {
		return found(db.Scopes(ofApp(ctx)).Delete(&tcpPortRow{}, "app_id = ? AND port = ? AND server_name = ?", appID, port, serverName))
	})
}
