package store

import (
	"database/sql"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"

	"berth/core"
)

const mysqlConnections = 16

// openMySQL makes one pool for reads and writes. Transactions are serializable, as on SQLite: what a use case read
// before it wrote still holds when it commits, or the whole runs again.
func openMySQL(o Options) (*Store, error) {
	cfg, err := mysqlConfig(o.DSN)
	if err != nil {
		return nil, err
	}
	// A commit takes no context, so these bound it. They are longer than patience, so as never to cut off a wait
	// that has its own bound.
	cfg.ReadTimeout, cfg.WriteTimeout = patience+time.Second, patience+time.Second
	cfg.Params["innodb_lock_wait_timeout"] = "4" // whole seconds, below patience
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, badDSN(err)
	}
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(mysqlConnections)
	pool.SetMaxIdleConns(mysqlConnections / 2)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db, err := wrap(gormmysql.New(gormmysql.Config{Conn: pool, DSNConfig: cfg, SkipInitializeWithVersion: true}))
	if err != nil {
		return nil, err
	}
	return &Store{reader: db, writer: db, classify: classifyMySQL,
		txOptions: &sql.TxOptions{Isolation: sql.LevelSerializable}}, nil
}

// mysqlConfig reads an operator's DSN and sets what the store relies on, whatever the server's defaults are.
func mysqlConfig(dsn string) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, badDSN(err)
	}
	if cfg.DBName == "" {
		return nil, badDSN(errors.New("it names no database"))
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	cfg.Collation = "utf8mb4_bin"
	cfg.ClientFoundRows = true   // a write that changes nothing has found its row all the same
	cfg.InterpolateParams = true // one round trip a statement instead of two
	cfg.MultiStatements = false
	cfg.Timeout = patience
	cfg.Logger = &mysql.NopLogger{}
	cfg.Params = maps.Clone(cfg.Params)
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["sql_mode"] = "'TRADITIONAL'" // refuse what does not fit instead of cutting it off
	cfg.Params["time_zone"] = "'+00:00'"
	return cfg, nil
}

// badDSN never repeats the DSN, which may hold a password.
func badDSN(err error) error {
	e := core.Invalid("database-dsn", "error.database_dsn")
	e.Err = err
	return e
}

func classifyMySQL(err error) fault {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	switch {
	case !ok && (isGone(err) || errors.Is(err, mysql.ErrInvalidConn)):
		return faultGone
	case !ok:
		return faultOther
	case strings.Contains(e.Message, "No space left on device"):
		return faultFull
	}
	return mysqlFaults[e.Number]
}

// mysqlFaults are the server's error numbers; those that are absent are faults of Berth.
var mysqlFaults = map[uint16]fault{
	1062: faultDuplicate, // ER_DUP_ENTRY
	1586: faultDuplicate, // ER_DUP_ENTRY_WITH_KEY_NAME
	1451: faultReference, // ER_ROW_IS_REFERENCED_2
	1452: faultReference, // ER_NO_REFERENCED_ROW_2
	1020: faultPassing,   // ER_CHECKREAD: changed since it was read
	1205: faultPassing,   // ER_LOCK_WAIT_TIMEOUT
	1213: faultPassing,   // ER_LOCK_DEADLOCK
	1021: faultFull,      // ER_DISK_FULL
	1114: faultFull,      // ER_RECORD_FILE_FULL
	1264: faultMalformed, // ER_WARN_DATA_OUT_OF_RANGE
	1300: faultMalformed, // ER_INVALID_CHARACTER_STRING
	1366: faultMalformed, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
	1406: faultMalformed, // ER_DATA_TOO_LONG
	1040: faultGone,      // ER_CON_COUNT_ERROR
	1044: faultGone,      // ER_DBACCESS_DENIED_ERROR
	1045: faultGone,      // ER_ACCESS_DENIED_ERROR
	1049: faultGone,      // ER_BAD_DB_ERROR
	1053: faultGone,      // ER_SERVER_SHUTDOWN
	1129: faultGone,      // ER_HOST_IS_BLOCKED
	1130: faultGone,      // ER_HOST_NOT_PRIVILEGED
	1290: faultGone,      // ER_OPTION_PREVENTS_STATEMENT: read only
	1317: faultGone,      // ER_QUERY_INTERRUPTED
	1927: faultGone,      // ER_CONNECTION_KILLED
}
