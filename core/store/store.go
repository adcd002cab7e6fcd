// Package store keeps Berth's data in SQLite or MySQL. Rows are private structs, one file a noun, turned into the
// nouns of core at the door; every query is narrowed to what the actor in the context sees.
package store

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"berth/core"
)

// Options say which database to use.
type Options struct {
	Driver string // "sqlite" (or "") or "mysql"
	DSN    string // of MySQL: "user:password@tcp(host:3306)/berth"; for SQLite a file, "" is berth.db in Dir
	Dir    string // where SQLite's file and lock lie
	Key    []byte // 32 bytes that seal environments and credentials
}

// Store is core.Store on a database. It is safe for concurrent use.
type Store struct {
	reader, writer *gorm.DB // the same but on SQLite, where one connection writes
	classify       func(error) fault
	txOptions      *sql.TxOptions
	seal           *sealer
	tx             *transaction // nil outside Transact
}

var _ core.Store = (*Store)(nil)

// Open connects to the database of o and leaves its schema alone; see Migrate. A MySQL server is not asked before
// the first query. Errors: EINVALID for options that cannot work, EUNAVAILABLE.
func Open(ctx context.Context, o Options) (*Store, error) {
	seal, err := newSealer(o.Key)
	if err != nil {
		return nil, err
	}
	var s *Store
	switch o.Driver {
	case "", "sqlite":
		s, err = openSQLite(ctx, o)
	case "mysql":
		s, err = openMySQL(o)
	default:
		err = unknownDriver(o.Driver)
	}
	if err != nil {
		return nil, err
	}
	s.seal = seal
	return s, nil
}

func unknownDriver(name string) error {
	return core.Invalid("database", "error.database_unknown", "value", name)
}

// Tenants implements core.Store, as do the methods below.
func (s *Store) Tenants() core.TenantStore             { return tenants{s} }
func (s *Store) Members() core.MemberStore             { return members{s} }
func (s *Store) Invitations() core.InvitationStore     { return invitations{s} }
func (s *Store) Users() core.UserStore                 { return users{s} }
func (s *Store) Sessions() core.SessionStore           { return sessions{s} }
func (s *Store) Setup() core.SetupStore                { return setup{s} }
func (s *Store) Tokens() core.TokenStore               { return tokens{s} }
func (s *Store) Apps() core.AppStore                   { return apps{s} }
func (s *Store) Versions() core.VersionStore           { return versions{s} }
func (s *Store) Releases() core.ReleaseStore           { return releases{s} }
func (s *Store) Drafts() core.DraftStore               { return drafts{s} }
func (s *Store) Answers() core.AnswerStore             { return answers{s} }
func (s *Store) Instances() core.InstanceStore         { return instances{s} }
func (s *Store) Hosts() core.HostStore                 { return hosts{s} }
func (s *Store) Operations() core.OperationStore       { return operations{s} }
func (s *Store) Events() core.EventStore               { return events{s} }
func (s *Store) Uploads() core.UploadStore             { return uploads{s} }
func (s *Store) Credentials() core.CredentialStore     { return credentials{s} }
func (s *Store) Audit() core.AuditStore                { return audit{s} }
func (s *Store) Support() core.SupportStore            { return support{s} }
func (s *Store) Plans() core.PlanStore                 { return plans{s} }
func (s *Store) Usage() core.UsageStore                { return usage{s} }
func (s *Store) Canaries() core.CanaryStore            { return canaries{s} }
func (s *Store) QuotaRequests() core.QuotaRequestStore { return quotaRequests{s} }
func (s *Store) TCPPorts() core.TCPPortStore           { return tcpPorts{s} }
func (s *Store) Traffic() core.TrafficStore            { return traffic{s} }
func (s *Store) Scalings() core.ScalingStore           { return scalings{s} }
func (s *Store) SwitchCounts() core.SwitchCountStore   { return switchCounts{s} }
func (s *Store) Domains() core.DomainStore             { return domains{s} }
func (s *Store) Certificates() core.CertificateStore   { return certificates{s} }
func (s *Store) Alerts() core.AlertStore               { return alerts{s} }
func (s *Store) LogDrains() core.LogDrainStore         { return logDrains{s} }

// Ping reads a table, so that it fails when the file is gone as well as when the server is.
func (s *Store) Ping(ctx context.Context) error {
	return s.read(ctx, func(db *gorm.DB) error {
		var n int64
		return db.Model(&setupRow{}).Count(&n).Error
	})
}

// Close ends all connections. What is under way fails.
func (s *Store) Close() error {
	err := closeDB(s.writer)
	if s.reader != s.writer {
		err = firstError(closeDB(s.reader), err)
	}
	return err
}

func closeDB(db *gorm.DB) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	return pool.Close()
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// wrap puts gorm over a pool. Statements outside Transact commit by themselves, and gorm says nothing on its own.
func wrap(dialect gorm.Dialector) (*gorm.DB, error) {
	db, err := gorm.Open(dialect, &gorm.Config{
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		Logger:                 logger.Discard,
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	return db, nil
}
