package image

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/distribution/distribution/v3/registry/api/errcode"

	"berth/core"
)

// refusals says which code of the registry's protocol, and so which HTTP status, stands for a refusal. What does not
// exist and what belongs to somebody else are denied alike.
var refusals = map[core.Code]errcode.ErrorCode{
	core.EUNAUTHORIZED: errcode.ErrorCodeUnauthorized,
	core.EFORBIDDEN:    errcode.ErrorCodeDenied,
	core.ENOTFOUND:     errcode.ErrorCodeDenied,
	core.ECONFLICT:     errcode.ErrorCodeTagInvalid,
	core.EINVALID:      errcode.ErrorCodeManifestInvalid,
	core.ETOOLARGE:     errcode.ErrorCodeManifestInvalid,
	core.ETOOMANY:      errcode.ErrorCodeTooManyRequests,
	core.EUNAVAILABLE:  errcode.ErrorCodeUnavailable,
	core.EINSUFFICIENT: errcode.ErrorCodeUnknown,
}

// refusal turns an error of Berth into one of the registry's protocol, worded for the command line. The registry's own
// errors pass.
func (s *Store) refusal(err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	code, ok := refusals[e.Code]
	if !ok {
		return err
	}
	text := e.Message
	if len(e.Fields) > 0 {
		text = e.Fields[0].Message
	}
	if e.Code == core.EINVALID && len(e.Fields) > 0 && e.Fields[0].Field == "label" {
		code = errcode.ErrorCodeTagInvalid
	}
	if overQuota(err) {
		code = errcode.ErrorCodeDenied
	}
	return code.WithMessage(s.opts.Word(text))
}

// refuse answers a request that does not reach the registry.
func (s *Store) refuse(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*core.Error](err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds()+0.999)))
	}
	switch core.ErrorCode(err) {
	case core.EUNAUTHORIZED:
		w.Header().Set("WWW-Authenticate", `Basic realm="Berth"`)
	case core.EINSUFFICIENT:
		s.refuseFull(w)
		return
	case core.EINTERNAL:
		s.log.Error("registry", "error", err)
		err = errcode.ErrorCodeUnknown.WithMessage(s.opts.Word(core.ErrorMessage(err)))
	}
	if overQuota(err) {
		w = statusWriter{w, http.StatusRequestEntityTooLarge}
	}
	errcode.ServeJSON(w, s.refusal(err))
}

func overQuota(err error) bool {
	_, ok := errors.AsType[*core.QuotaError](err)
	return ok
}

// refuseFull answers that the disk is full. The registry's protocol has no code for that, HTTP has a status.
func (s *Store) refuseFull(w http.ResponseWriter) {
	errcode.ServeJSON(statusWriter{w, http.StatusInsufficientStorage},
		errcode.ErrorCodeUnknown.WithMessage(s.opts.Word(core.T("error.disk_full"))))
}

// statusWriter answers with a status of its own.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w statusWriter) WriteHeader(int) { w.ResponseWriter.WriteHeader(w.status) }
