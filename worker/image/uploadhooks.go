package image

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"berth/core"
)

// connectionKey finds the controller of a request's connection in its context.
type connectionKey struct{}

// begin decides about a new upload before any of it has come.
func (u *Uploads) begin(e handler.HookEvent) (handler.HTTPResponse, handler.FileInfoChanges, error) {
	id, err := u.accept(e.Context, e.Upload.Size, e.Upload.MetaData)
	if err != nil {
		return handler.HTTPResponse{}, handler.FileInfoChanges{}, u.problem(e.Context, err)
	}
	return handler.HTTPResponse{}, handler.FileInfoChanges{ID: id}, nil
}

func (u *Uploads) accept(ctx context.Context, size int64, metadata handler.MetaData) (string, error) {
	switch {
	case size <= 0:
		return "", core.Invalid("file", "error.upload_empty")
	case size > int64(u.opts.MaxSize):
		return "", core.Errorf(core.ETOOLARGE, "error.upload_large", "max", u.opts.MaxSize.Human())
	}
	if err := enoughFree(u.opts.Dir, core.Bytes(size), u.opts.MinFree); err != nil {
		return "", err
	}
	return u.opts.Hooks.Begin(ctx, size, metadata)
}

// finish hands over a file that is complete. The client waits for what becomes of it; when its connection breaks, the
// work goes on, and a client that comes back is told that everything has arrived.
func (u *Uploads) finish(e handler.HookEvent) (handler.HTTPResponse, error) {
	if c, ok := e.Context.Value(connectionKey{}).(*http.ResponseController); ok {
		// Looking through a large image takes longer than a connection may otherwise be silent.
		if err := errors.Join(c.SetReadDeadline(time.Time{}), c.SetWriteDeadline(time.Time{})); err != nil {
			u.log.Warn("upload: lift the deadlines", "error", err)
		}
	}
	ctx := context.WithoutCancel(e.Context)
	if err := u.take(ctx, e.Upload.ID); err != nil {
		return handler.HTTPResponse{}, u.problem(ctx, err)
	}
	return handler.HTTPResponse{}, nil
}

// take hands over a file and gives its room back. One that is refused is removed.
func (u *Uploads) take(ctx context.Context, id string) error {
	err := u.handOver(ctx, id)
	if err == nil {
		return hollow(u.file(id))
	}
	if e := u.Remove(id); e != nil {
		u.log.ErrorContext(ctx, "remove an upload", "upload", id, "error", e)
	}
	return err
}

func (u *Uploads) handOver(ctx context.Context, id string) error {
	f, err := os.Open(u.file(id))
	if err != nil {
		return err
	}
	defer f.Close()
	return u.opts.Hooks.Finish(ctx, id, f)
}

func (u *Uploads) cancel(e handler.HookEvent) (handler.HTTPResponse, error) {
	if u.opts.Hooks.Cancel != nil {
		u.opts.Hooks.Cancel(e.Context, e.Upload.ID)
	}
	return handler.HTTPResponse{}, nil
}

// problem is an answer that is a refusal.
type problem struct{ answer handler.Error }

func (u *Uploads) problem(ctx context.Context, err error) problem {
	status, message := u.opts.Problem(ctx, err)
	if core.ErrorCode(err) == core.EINTERNAL {
		u.log.ErrorContext(ctx, "upload", "error", err)
	}
	body, _ := json.Marshal(struct {
		Title   string `json:"title"`
		Status  int    `json:"status"`
		Detail  string `json:"detail"`
		Message string `json:"message"`
	}{http.StatusText(status), status, message, message})
	return problem{handler.Error{ErrorCode: string(core.ErrorCode(err)), Message: message, HTTPResponse: handler.HTTPResponse{
		StatusCode: status, Body: string(body), Header: handler.HTTPHeader{"Content-Type": "application/problem+json"},
	}}}
}

func (p problem) Error() string { return p.answer.Error() }

// Unwrap lets the protocol's handler find the answer.
func (p problem) Unwrap() error { return p.answer }

func (p problem) write(w http.ResponseWriter) {
	for k, v := range p.answer.HTTPResponse.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(p.answer.HTTPResponse.StatusCode)
	w.Write([]byte(p.answer.HTTPResponse.Body))
}
