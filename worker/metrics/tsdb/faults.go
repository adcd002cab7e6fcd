package tsdb

import (
	"context"
	"log/slog"
)

// faults passes on only warnings and errors: the database tells every step of its start, each time it starts.
type faults struct{ slog.Handler }

// Enabled implements slog.Handler.
func (f faults) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && f.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (f faults) WithAttrs(attrs []slog.Attr) slog.Handler { return faults{f.Handler.WithAttrs(attrs)} }

// WithGroup implements slog.Handler.
func (f faults) WithGroup(name string) slog.Handler { return faults{f.Handler.WithGroup(name)} }
