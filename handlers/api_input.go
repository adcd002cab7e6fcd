package handlers

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
)

const (
	maxJSON      = 1 << 20
	bodyDeadline = 30 * time.Second // for a whole JSON body
	maxLimit     = 100
)

// fields names what the JSON object of a request may have, and where each value goes.
type fields map[string]any

// bind reads the JSON object of a request. Every fault is reported at its field: a name that is not in into, a value
// of another type. Errors: EINVALID, ETOOLARGE.
func bind(c echo.Context, into fields) error {
	data, err := readJSON(c)
	if err != nil {
		return err
	}
	raw := map[string]json.RawMessage{}
	if len(bytes.TrimSpace(data)) > 0 && json.Unmarshal(data, &raw) != nil || raw == nil {
		return core.Errorf(core.EINVALID, "error.body_malformed")
	}
	names := make([]string, 0, len(raw))
	for name := range raw {
		names = append(names, name)
	}
	sort.Strings(names)
	var faults core.Faults
	for _, name := range names {
		target, known := into[name]
		if !known {
			faults.Add(name, "error.field_unknown", "name", name)
			continue
		}
		if err := unmarshalStrict(raw[name], target); err != nil {
			faults.Merge(name, fieldError(err))
		}
	}
	return faults.Err()
}

func readJSON(c echo.Context) ([]byte, error) {
	timer := http.NewResponseController(c.Response())
	_ = timer.SetReadDeadline(time.Now().Add(bodyDeadline)) // not every transport has deadlines
	defer timer.SetReadDeadline(time.Time{})
	data, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxJSON))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, core.Wrap(err, core.ETOOLARGE, "error.body_large", "max", core.Bytes(maxJSON).Human())
	}
	if err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.body_broken")
	}
	return data, nil
}

func unmarshalStrict(data []byte, target any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(target)
}

// listOf is a list whose faults are told by the place of the member: "0.target".
type listOf[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *listOf[T]) UnmarshalJSON(data []byte) error {
	var members []json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	var faults core.Faults
	*l = make([]T, len(members))
	for i, m := range members {
		if err := unmarshalStrict(m, &(*l)[i]); err != nil {
			faults.Merge(strconv.Itoa(i), fieldError(err))
		}
	}
	return faults.Err()
}

// fieldError keeps what a type of core says about a value and words the rest.
func fieldError(err error) error {
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && e.Field != "" {
		return core.Invalid(e.Field, "error.field_type")
	}
	return core.Errorf(core.EINVALID, "error.field_type")
}

// required notes the fields that are empty.
func required(values map[string]string) error {
	var faults core.Faults
	for name, value := range values {
		if value == "" {
			faults.Add(name, "error.field_missing")
		}
	}
	slices.SortFunc(faults, func(a, b core.FieldError) int { return bytes.Compare([]byte(a.Field), []byte(b.Field)) })
	return faults.Err()
}

// query returns the parameters of a request's address, which may only be of the names allowed. Errors: EINVALID.
func query(c echo.Context, allowed ...string) (url.Values, error) {
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.query_malformed")
	}
	var faults core.Faults
	for name := range values {
		if !slices.Contains(allowed, name) {
			faults.Add(name, "error.field_unknown", "name", name)
		}
	}
	return values, faults.Err()
}

// limit returns how many items a list may have: what was asked for, at most 100; otherwise when nothing was asked.
// Errors: EINVALID.
func limit(values url.Values, otherwise int) (int, error) {
	text := values.Get("limit")
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n < 1 {
		return 0, core.Invalid("limit", "error.number_range", "min", "1", "max", strconv.Itoa(maxLimit))
	}
	return min(n, maxLimit), nil
}

// number reads a number in a path. What is none names nothing. Errors: ENOTFOUND.
func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, core.NotFound()
	}
	return n, nil
}
