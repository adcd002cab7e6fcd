package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"net"
	"syscall"
	"time"

	"gorm.io/gorm"

	"berth/core"
)

// fault is what an error of a database means. Each dialect classifies its own.
type fault int

const (
	faultOther     fault = iota
	faultDuplicate       // a unique index has the value
	faultReference       // the row that another refers to is absent
	faultPassing         // locked or deadlocked: the same again may succeed
	faultGone            // the database does not answer
	faultFull            // its disk is full
	faultMalformed       // a column cannot hold the value
)

// retryAfter is when to come back to a database that does not answer.
const retryAfter = 5 * time.Second

// translate turns any error into one of core. The cause stays, for the log and for classify.
func translate(classify func(error) fault, err error) error {
	switch {
	case err == nil || isCore(err):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound):
		return core.NotFound()
	}
	switch classify(err) {
	case faultDuplicate:
		return core.Wrap(err, core.ECONFLICT, "error.exists")
	case faultReference:
		return &core.Error{Code: core.ENOTFOUND, Message: core.NotFound().Message, Err: err}
	case faultPassing:
		return unavailable(err, "error.database_busy")
	case faultGone:
		return unavailable(err, "error.database_unavailable")
	case faultFull:
		return core.Wrap(err, core.EINSUFFICIENT, "error.database_full")
	case faultMalformed:
		return core.Wrap(err, core.EINVALID, "error.value_malformed")
	}
	return core.Wrap(err, core.EINTERNAL, "error.internal")
}

func unavailable(err error, key string) error {
	e := core.Wrap(err, core.EUNAVAILABLE, key)
	e.RetryAfter = retryAfter
	return e
}

// isGone recognises what any driver reports of a connection or a deadline that ended.
func isGone(err error) bool {
	for _, e := range []error{context.DeadlineExceeded, context.Canceled, sql.ErrConnDone, sql.ErrTxDone,
		driver.ErrBadConn, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, e) {
			return true
		}
	}
	_, network := errors.AsType[net.Error](err)
	return network || err.Error() == "sql: database is closed"
}

// taken words a conflict at a field; other errors pass.
func taken(err error, field, key string, kv ...string) error {
	if core.ErrorCode(err) != core.ECONFLICT {
		return err
	}
	e := core.Conflict(field, key, kv...)
	e.Err = err
	return e
}

// classifyFile classifies what is no error of a database but of its file or connection.
func classifyFile(err error) fault {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return faultFull
	case isGone(err) || isPath(err):
		return faultGone
	}
	return faultOther
}

func isPath(err error) bool {
	_, ok := errors.AsType[*fs.PathError](err)
	return ok
}
