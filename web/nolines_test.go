package web

import (
	"context"
	"time"

	"berth/core"
)

// noLines is a store in which nothing was ever written.
type noLines struct{}

func (noLines) Append(context.Context, []core.LogRecord) error { return nil }
func (noLines) Search(context.Context, core.LogSearch) ([]core.LogRecord, bool, error) {
	return nil, false, nil
}
func (noLines) Times(context.Context, string, time.Time) ([]time.Time, error) { return nil, nil }
func (noLines) Epoch(context.Context) (string, error)                         { return "", nil }
func (noLines) Forget(context.Context, string, string, time.Time) error       { return nil }
