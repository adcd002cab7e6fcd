package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"berth/core"
)

// Error is the API's refusal, in its own words.
type Error struct {
	Status int
	Code   core.Code // "" when it was not the API that answered
	Detail string
	Fields []FieldError
}

// FieldError says what is wrong with one field of the input.
type FieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

func (e *Error) Error() string {
	lines := []string{e.Detail}
	for _, f := range e.Fields {
		if f.Detail != e.Detail {
			lines = append(lines, "  "+f.Field+": "+f.Detail)
		}
	}
	return strings.Join(lines, "\n")
}

// Unreachable says that no Berth answered. The address in it holds no secret.
type Unreachable struct {
	Address string
	Err     error
}

func (e *Unreachable) Error() string {
	return fmt.Sprintf("Berth at %s cannot be reached: %v. Check the address and the network, then try again.", e.Address, e.Err)
}

func (e *Unreachable) Unwrap() error { return e.Err }

// unreachable words a fault of the connection, unless it is the caller who gave up.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the method and the whole address
	}
	return &Unreachable{c.Address(), err}
}

// problem reads the document that every refusal of the API is (RFC 9457).
func (c *Client) problem(res *http.Response, data []byte) error {
	var p struct {
		Code   core.Code    `json:"code"`
		Detail string       `json:"detail"`
		Errors []FieldError `json:"errors"`
	}
	if json.Unmarshal(data, &p) != nil || p.Detail == "" {
		return c.notBerth(res)
	}
	return &Error{Status: res.StatusCode, Code: p.Code, Detail: p.Detail, Fields: p.Errors}
}

// notBerth words an answer that no Berth gives: a proxy's, or that of something else at the address.
func (c *Client) notBerth(res *http.Response) error {
	detail := fmt.Sprintf("What answers at %s is not the API of a Berth (%s). Check the address.", c.Address(), res.Status)
	if to, err := url.Parse(res.Header.Get("Location")); err == nil && res.StatusCode/100 == 3 && to.Host != "" {
		detail = fmt.Sprintf("%s leads elsewhere, to %s://%s. If that is your Berth, sign in with that address.", c.Address(), to.Scheme, to.Host)
	}
	return &Error{Status: res.StatusCode, Detail: detail}
}

// CodeOf returns the code of an error of the API, "" for another error.
func CodeOf(err error) core.Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}
