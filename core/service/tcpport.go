package service

import (
	"context"
	"net"
	"strconv"
	"strings"

	"berth/core"
)

// TCPPorts returns the ports of an app, with what the gateways counted. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) TCPPorts(ctx context.Context, appID string) ([]core.TCPPortView, error) {
	app, err := inspectable(ctx, s.store, appID)
	if err != nil {
		return nil, err
	}
	ports, err := s.store.TCPPorts().List(ctx, app.ID)
	var counts map[string]core.TCPCounts
	if s.tcp != nil {
		counts = s.tcp.TCP(app.ID)
	}
	views := make([]core.TCPPortView, len(ports))
	for i, p := range ports {
		views[i] = core.TCPPortView{TCPPort: p, Host: s.tcpHost(p)}
		views[i].Counts, views[i].Counted = counts[p.Route(nil).ID()]
	}
	return views, err
}

// TCPPool returns the ports that can be had.
func (s *Service) TCPPool() core.TCPPool { return s.tcpPool }

// OpenTCPPort gives an app a port on the gateways: the one that in names, or any of the pool. Where TLS ends at the
// gateway and no name is given, it is the app's own. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at the
// fields, ECONFLICT at "port" or "server_name" when it is taken, or none can be had.
func (s *Service) OpenTCPPort(ctx context.Context, appID string, in core.TCPPortInput) (_ core.TCPPortView, err error) {
	note := core.AuditEntry{Action: "port.open", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	var p core.TCPPort
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if p, err = s.newTCPPort(ctx, tx, app, in); err != nil {
			return err
		}
		if p, err = tx.TCPPorts().Create(ctx, p, s.tcpPool); err != nil {
			return err
		}
		note.TenantID, note.Object, note.After = app.TenantID, s.tcpAddress(p), tcpValues(p)
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "port_opened", "address", s.tcpAddress(p)))
	})
	if err != nil {
		return core.TCPPortView{}, err
	}
	s.published(app, "app")
	return core.TCPPortView{TCPPort: p, Host: s.tcpHost(p)}, nil
}

// newTCPPort checks what was asked for, but whether somebody has the port.
func (s *Service) newTCPPort(ctx context.Context, tx core.Store, app core.App, in core.TCPPortInput) (core.TCPPort, error) {
	p := core.TCPPort{AppID: app.ID, TenantID: app.TenantID, Port: in.Port, ServerName: core.NormalizeDomain(in.ServerName), TLS: in.TLS,
		Allow: in.Allow, Deny: in.Deny, Proxy: in.Proxy, Author: core.ActorFrom(ctx).Name, CreatedAt: s.now()}
	if p.TLS == core.TCPTerminate && p.ServerName == "" {
		p.ServerName = s.ownDomain(app.ID)
	}
	if err := checkTCPPort(p, in); err != nil {
		return p, err
	}
	if err := s.mayPresent(ctx, tx, p); err != nil {
		return p, err
	}
	return p, s.tcpPool.Check(p.Port)
}

// checkTCPPort is Validate, and that whoever lets everybody connect says so.
func checkTCPPort(p core.TCPPort, in core.TCPPortInput) error {
	var f core.Faults
	f.Merge("", p.Validate())
	if !in.Everybody && len(in.Allow) == 0 {
		f.Add("allow", "error.tcp_allow_missing")
	} else if in.Everybody && len(in.Allow) > 0 {
		f.Add("everybody", "error.tcp_everybody")
	}
	return f.Err()
}

// mayPresent refuses that the certificate of somebody else's name is shown.
func (s *Service) mayPresent(ctx context.Context, tx core.Store, p core.TCPPort) error {
	domains, err := tx.Domains().List(ctx, p.AppID)
	if err != nil || p.MayPresent(s.ownDomain(p.AppID), domains) {
		return err
	}
	return core.Invalid("server_name", "error.tcp_name_foreign", "own", s.ownDomain(p.AppID))
}

// ChangeTCPPort changes who may connect, and how. Port and server name stay. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN, EINVALID at the fields.
func (s *Service) ChangeTCPPort(ctx context.Context, appID string, in core.TCPPortInput) (_ core.TCPPortView, err error) {
	note := core.AuditEntry{Action: "port.change", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	var p core.TCPPort
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if p, err = tx.TCPPorts().Get(ctx, app.ID, in.Port, core.NormalizeDomain(in.ServerName)); err != nil {
			return err
		}
		note.TenantID, note.Object, note.Before = app.TenantID, s.tcpAddress(p), tcpValues(p)
		p.TLS, p.Allow, p.Deny, p.Proxy = in.TLS, in.Allow, in.Deny, in.Proxy
		if err := checkTCPPort(p, in); err != nil {
			return err
		}
		if err := s.mayPresent(ctx, tx, p); err != nil {
			return err
		}
		if err := tx.TCPPorts().Update(ctx, p); err != nil {
			return err
		}
		note.After = tcpValues(p)
		return s.note(ctx, tx, &note)
	})
	if err != nil {
		return core.TCPPortView{}, err
	}
	s.published(app, "app")
	return core.TCPPortView{TCPPort: p, Host: s.tcpHost(p)}, nil
}

// CloseTCPPort takes a port back; connections that are open end. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) CloseTCPPort(ctx context.Context, appID string, port int, serverName string) (err error) {
	note := core.AuditEntry{Action: "port.close", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) (err error) {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		p, err := tx.TCPPorts().Get(ctx, app.ID, port, core.NormalizeDomain(serverName))
		if err != nil {
			return err
		}
		if err := tx.TCPPorts().Delete(ctx, app.ID, p.Port, p.ServerName); err != nil {
			return err
		}
		note.TenantID, note.Object, note.Before = app.TenantID, s.tcpAddress(p), tcpValues(p)
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "port_closed", "address", s.tcpAddress(p)))
	})
	if err == nil {
		s.published(app, "app")
	}
	return err
}

// ownDomain is the name that every app has.
func (s *Service) ownDomain(appID string) string { return appID + "." + s.baseDomain }

// tcpHost is the name that programs connect to. Names below localhost are resolved by browsers only.
func (s *Service) tcpHost(p core.TCPPort) string {
	switch {
	case p.ServerName != "":
		return p.ServerName
	case s.baseDomain == "localhost" || strings.HasSuffix(s.baseDomain, ".localhost"):
		return "localhost"
	}
	return s.ownDomain(p.AppID)
}

func (s *Service) tcpAddress(p core.TCPPort) string {
	return net.JoinHostPort(s.tcpHost(p), strconv.Itoa(p.Port))
}

// tcpValues is what the audit says of a port.
func tcpValues(p core.TCPPort) map[string]string {
	values := map[string]string{"port": strconv.Itoa(p.Port), "allow": "*"}
	if !p.Everybody() {
		values["allow"] = strings.Join(p.Allow, " ")
	}
	for name, value := range map[string]string{"deny": strings.Join(p.Deny, " "), "server_name": p.ServerName, "tls": string(p.TLS)} {
		if value != "" {
			values[name] = value
		}
	}
	if p.Proxy {
		values["proxy"] = "on"
	}
	return values
}
