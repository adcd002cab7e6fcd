package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"berth/core"
)

// codeMethod is the one code that only HTTP has.
const codeMethod core.Code = "method_not_allowed"

// statuses is the one map of codes to HTTP statuses.
var statuses = map[core.Code]int{
	core.EINVALID:      http.StatusUnprocessableEntity,
	core.EUNAUTHORIZED: http.StatusUnauthorized,
	core.EFORBIDDEN:    http.StatusForbidden,
	core.ENOTFOUND:     http.StatusNotFound,
	core.ECONFLICT:     http.StatusConflict,
	core.EGONE:         http.StatusGone,
	core.ETOOLARGE:     http.StatusRequestEntityTooLarge,
	core.ETOOMANY:      http.StatusTooManyRequests,
	core.EUNAVAILABLE:  http.StatusServiceUnavailable,
	core.EINSUFFICIENT: http.StatusInsufficientStorage,
	core.EINTERNAL:     http.StatusInternalServerError,
	core.EUNREACHABLE:  http.StatusBadGateway,
	codeMethod:         http.StatusMethodNotAllowed,
}

// Status returns the HTTP status that an error is answered with, for parts that answer by themselves.
func Status(err error) int { return statusOf(core.ErrorCode(err)) }

// statusOf returns the HTTP status of a code.
func statusOf(code core.Code) int {
	if status, ok := statuses[code]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// coded returns err as a core.Error, whoever made it.
func coded(err error, method string) *core.Error {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		return codedHTTP(e, method)
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return core.Wrap(err, core.ETOOLARGE, "error.body_large", "max", maxForm.Human())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return core.Wrap(err, core.EUNAVAILABLE, "error.timeout")
	}
	return core.Wrap(err, core.EINTERNAL, "error.internal")
}

// codedHTTP words what echo itself refuses.
func codedHTTP(e *echo.HTTPError, method string) *core.Error {
	switch {
	case e.Code == http.StatusNotFound:
		return core.NotFound()
	case e.Code == http.StatusMethodNotAllowed:
		return core.Wrap(e, codeMethod, "error.method_not_allowed", "method", method)
	case e.Code == http.StatusRequestEntityTooLarge:
		return core.Wrap(e, core.ETOOLARGE, "error.body_large", "max", maxForm.Human())
	case e.Code == http.StatusTooManyRequests:
		return core.Wrap(e, core.ETOOMANY, "error.rate_limited")
	case e.Code < http.StatusInternalServerError:
		return core.Wrap(e, core.EINVALID, "error.request_malformed")
	}
	return core.Wrap(e, core.EINTERNAL, "error.internal")
}
