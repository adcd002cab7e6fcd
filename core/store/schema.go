package store

import (
	"context"
	"database/sql"
	"io/fs"
	"os"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"

	"berth/core"
	"berth/migrations"
)

// migrateBusy is how long SQLite waits for others while the schema changes, in milliseconds.
const migrateBusy = "60000"

// schema is a database to be migrated.
type schema struct {
	db       *sql.DB
	dialect  goose.Dialect
	files    fs.FS
	classify func(error) fault
	absent   func() bool // there is not even a file
	tables   string      // the condition under which a table exists, up to its name
	lock     func(ctx context.Context) (unlock func(), err error)
}

// applied counts what the table of versions says; when there is none, or no database at all, nothing was.
func (s *schema) applied(ctx context.Context) (n int, err error) {
	if s.absent() {
		return 0, nil
	}
	query := func(q string) error { return s.db.QueryRowContext(ctx, q).Scan(&n) }
	err = query("SELECT COUNT(*) FROM " + s.tables + " = '" + goose.DefaultTablename + "'")
	if err == nil && n == 1 {
		err = query("SELECT COUNT(*) FROM " + goose.DefaultTablename + " WHERE version_id > 0")
	}
	return n, err
}

func openSchema(o Options) (*schema, error) {
	switch o.Driver {
	case "", "sqlite":
		return openSQLiteSchema(o)
	case "mysql":
		return openMySQLSchema(o)
	}
	return nil, unknownDriver(o.Driver)
}

func openSQLiteSchema(o Options) (*schema, error) {
	db, err := sql.Open("sqlite", sqliteDSN(sqlitePath(o), migrateBusy))
	if err != nil {
		return nil, translate(classifySQLite, err)
	}
	return &schema{db: db, dialect: goose.DialectSQLite3, files: dir(migrations.SQLite, "sqlite"),
		classify: classifySQLite, tables: "sqlite_master WHERE name",
		absent: func() bool {
			_, err := os.Stat(sqlitePath(o))
			return err != nil
		},
		lock: func(ctx context.Context) (func(), error) {
			path, err := sqliteFile(o)
			if err != nil {
				return nil, err
			}
			return lockFile(ctx, path+".lock")
		}}, nil
}

func openMySQLSchema(o Options) (*schema, error) {
	cfg, err := mysqlConfig(o.DSN)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, badDSN(err)
	}
	db := sql.OpenDB(connector)
	return &schema{db: db, dialect: goose.DialectMySQL, files: dir(migrations.MySQL, "mysql"),
		classify: classifyMySQL, tables: "information_schema.tables WHERE table_schema = DATABASE() AND table_name",
		absent: func() bool { return false },
		lock:   func(ctx context.Context) (func(), error) { return lockMySQL(ctx, db) }}, nil
}

func dir(files fs.FS, name string) fs.FS {
	sub, err := fs.Sub(files, name)
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

func (s *schema) provider() (*goose.Provider, error) {
	return goose.NewProvider(s.dialect, s.db, s.files, goose.WithDisableGlobalRegistry(true))
}

// translate says of an unknown error that the migration failed; what is there stays as it was.
func (s *schema) translate(err error) error {
	err = translate(s.classify, err)
	if core.ErrorCode(err) == core.EINTERNAL {
		return core.Wrap(err, core.EINTERNAL, "error.migration_failed")
	}
	return err
}
