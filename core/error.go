package core

import (
	"errors"
	"fmt"
	"time"
)

// Code classifies an Error. package web maps each code to one HTTP status.
type Code string

const (
	EINVALID      Code = "invalid"      // input breaks a rule; Fields names where: 422
	EUNAUTHORIZED Code = "unauthorized" // nobody is signed in, or the credentials are wrong: 401
	EFORBIDDEN    Code = "forbidden"    // the actor is known and may not: 403
	ENOTFOUND     Code = "not_found"    // absent, or another tenant's: 404
	ECONFLICT     Code = "conflict"     // taken, exhausted or changed meanwhile: 409
	EGONE         Code = "gone"         // was there once, e.g. a used link: 410
	ETOOLARGE     Code = "too_large"    // more than a limit allows: 413
	ETOOMANY      Code = "too_many"     // a rate limit: 429
	EUNAVAILABLE  Code = "unavailable"  // a part Berth needs does not answer: 503
	EINSUFFICIENT Code = "insufficient" // the disk is full: 507
	EINTERNAL     Code = "internal"     // a fault of Berth: 500
	EUNREACHABLE  Code = "unreachable"  // something outside does not answer, e.g. a registry: 502
)

// Error is the one error type that crosses rooms. Message is for people (what happened, why, what to do next),
// Err for the log and never shown.
type Error struct {
	Code       Code
	Message    Text
	Fields     []FieldError  // for EINVALID and ECONFLICT: which input, in form order
	RetryAfter time.Duration // for ETOOMANY and EUNAVAILABLE; zero when unknown
	Err        error
}

// FieldError says what is wrong with one input field. Field is the JSON name, nested with dots ("env.NAME").
type FieldError struct {
	Field   string
	Message Text
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message.String()
	for _, f := range e.Fields {
		s += "; " + f.Field + ": " + f.Message.String()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a message key and its values; see T for kv.
func Errorf(code Code, key string, kv ...string) *Error {
	return &Error{Code: code, Message: T(key, kv...)}
}

// Wrap makes an Error that keeps cause for the log.
func Wrap(cause error, code Code, key string, kv ...string) *Error {
	return &Error{Code: code, Message: T(key, kv...), Err: cause}
}

// Invalid makes an EINVALID error about one field.
func Invalid(field, key string, kv ...string) *Error {
	m := T(key, kv...)
	return &Error{Code: EINVALID, Message: m, Fields: []FieldError{{field, m}}}
}

// Conflict makes an ECONFLICT error about one field.
func Conflict(field, key string, kv ...string) *Error {
	e := Invalid(field, key, kv...)
	e.Code = ECONFLICT
	return e
}

// NotFound is the answer for what is absent and for what belongs to another tenant: the same for both.
func NotFound() *Error { return Errorf(ENOTFOUND, "error.not_found") }

// ErrorCode returns the code of err, EINTERNAL for an error of another type, "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return EINTERNAL
}

// ErrorMessage returns what a person may read about err; an error of another type stays hidden.
func ErrorMessage(err error) Text {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Message
	}
	return T("error.internal")
}

// Faults collects field errors so that a form shows all of them at once.
type Faults []FieldError

// Add notes one fault; see T for kv.
func (f *Faults) Add(field, key string, kv ...string) {
	*f = append(*f, FieldError{field, T(key, kv...)})
}

// Merge notes the faults of err under prefix. An error without fields is noted at prefix itself.
func (f *Faults) Merge(prefix string, err error) {
	if err == nil {
		return
	}
	e, ok := errors.AsType[*Error](err)
	if !ok || len(e.Fields) == 0 {
		*f = append(*f, FieldError{prefix, ErrorMessage(err)})
		return
	}
	for _, x := range e.Fields {
		name := x.Field
		if prefix != "" {
			name = fmt.Sprintf("%s.%s", prefix, x.Field)
		}
		*f = append(*f, FieldError{name, x.Message})
	}
}

// Err returns nil when there is no fault, else an EINVALID error with all of them.
func (f Faults) Err() error {
	if len(f) == 0 {
		return nil
	}
	return &Error{Code: EINVALID, Message: T("error.invalid_input"), Fields: f}
}
