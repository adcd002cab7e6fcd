package handlers

import (
	"context"

	"berth/core"
	"berth/views/i18n"
)

// ProblemType is the media type of errors of the API (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is an error as the API answers it (RFC 9457).
type Problem struct {
	Type   string         `json:"type"`
	Title  string         `json:"title"`
	Status int            `json:"status"`
	Detail string         `json:"detail"`
	Code   core.Code      `json:"code"`
	Errors []ProblemField `json:"errors,omitempty"`
}

// ProblemField says what is wrong with one input field.
type ProblemField struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// NewProblem words e in the language of ctx.
func NewProblem(ctx context.Context, e *core.Error, status int) Problem {
	words := i18n.From(ctx)
	p := Problem{
		Type:   "about:blank",
		Title:  words.T("problem." + string(e.Code)),
		Status: status,
		Detail: words.Text(e.Message),
		Code:   e.Code,
	}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, ProblemField{f.Field, words.Text(f.Message)})
	}
	return p
}
