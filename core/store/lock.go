package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"syscall"
	"time"
)

// lockRetry is the time between two looks at a file's lock.
const lockRetry = 20 * time.Millisecond

// lockFile holds a file locked. The kernel gives the lock back when the process ends, however it does.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) || !sleep(ctx, lockRetry) {
			f.Close()
			return nil, firstError(ctx.Err(), err)
		}
	}
}

// lockMySQL holds a lock of the server for this database. It ends with the connection, so that a process that is
// killed leaves none behind, as a row in a table of locks would be.
func lockMySQL(ctx context.Context, db *sql.DB) (unlock func(), err error) {
	const name = "CONCAT('berth.', MD5(DATABASE()))" // at most 64 characters
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK("+name+", 60)").Scan(&got); err != nil {
		conn.Close()
		return nil, err
	}
	if got.Int64 != 1 {
		conn.Close()
		return nil, context.DeadlineExceeded
	}
	return func() {
		conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK("+name+")")
		conn.Close()
	}, nil
}
