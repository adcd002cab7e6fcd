package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	gormsqlite "gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	// busyTimeout is how long SQLite itself waits for a lock. It cannot be interrupted while it does, so it is short
	// and persist does the rest.
	busyTimeout = "250"

	sqliteReaders = 4
)

// openSQLite makes two pools: one connection that writes, since SQLite has one writer anyway and a queue in Go is
// fair and can be left, and some that only read and never wait for it.
func openSQLite(ctx context.Context, o Options) (*Store, error) {
	path, err := sqliteFile(o)
	if err != nil {
		return nil, err
	}
	s := &Store{classify: classifySQLite}
	s.writer, err = sqlitePool(ctx, sqliteDSN(path, busyTimeout), 1)
	if err != nil {
		return nil, err
	}
	s.reader, err = sqlitePool(ctx, sqliteDSN(path, busyTimeout)+"&_query_only=1", sqliteReaders)
	if err != nil {
		closeDB(s.writer)
		return nil, err
	}
	return s, nil
}

func sqlitePool(ctx context.Context, dsn string, size int) (*gorm.DB, error) {
	pool, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, translate(classifySQLite, err)
	}
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	var db *gorm.DB
	err = persist(ctx, classifySQLite, func(ctx context.Context) error {
		if err := pool.PingContext(ctx); err != nil {
			return err
		}
		db, err = wrap(gormsqlite.New(gormsqlite.Config{DriverName: "sqlite", Conn: pool}))
		return err
	})
	if err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// sqliteFile returns the database's file, made when it is absent: it holds password hashes, so nobody else may read
// it.
func sqliteFile(o Options) (string, error) {
	path := sqlitePath(o)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", translate(classifySQLite, err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", translate(classifySQLite, err)
	}
	return path, f.Close()
}

func sqlitePath(o Options) string {
	if o.DSN != "" {
		return o.DSN
	}
	return filepath.Join(o.Dir, "berth.db")
}

// sqliteDSN: immediate transactions, since one that reads first and writes later fails when another wrote between;
// every commit is synced, since what was acknowledged must outlast a power cut.
func sqliteDSN(path, busy string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	q := url.Values{
		"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "journal_size_limit(16777216)"},
		"_txlock": {"immediate"}, "_busy_timeout": {busy}, "_time_format": {"sqlite"}, "_dqs": {"0"},
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func classifySQLite(err error) fault {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return classifyFile(err)
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID:
		return faultDuplicate
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return faultReference
	case sqlite3.SQLITE_IOERR_SHMSIZE: // the index of the log cannot grow
		return faultFull
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL:
		return faultPassing
	case sqlite3.SQLITE_FULL:
		return faultFull
	case sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY,
		sqlite3.SQLITE_PERM:
		return faultGone
	case sqlite3.SQLITE_TOOBIG:
		return faultMalformed
	}
	return faultOther
}
