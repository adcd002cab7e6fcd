package worker

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func TestLoopsAreStartedAgainAfterErrorsAndPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var runs atomic.Int32
		s := &Supervisor{Log: quiet()}
		s.Add(Loop{"fragile", func(ctx context.Context) error {
			switch runs.Add(1) {
			case 1:
				panic("first")
			case 2:
				return errors.New("second")
			}
			<-ctx.Done()
			return ctx.Err()
		}})
		go func() { time.Sleep(time.Minute); cancel() }()
		s.Run(ctx)
		if n := runs.Load(); n != 3 {
			t.Errorf("ran %d times, want 3", n)
		}
	})
}

func TestDelayGrowsUpToItsBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var runs int
		s := &Supervisor{Log: quiet(), MinDelay: time.Second, MaxDelay: 10 * time.Second}
		s.Add(Loop{"broken", func(context.Context) error { runs++; return errors.New("always") }})
		s.Run(ctx)
		if runs < 60 || runs > 66 {
			t.Errorf("ran %d times in 600 s, want about one in 10 s", runs)
		}
	})
}

func TestLoopsStopInReverse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var mu sync.Mutex
		var stopped []string
		s := &Supervisor{Log: quiet()}
		for _, name := range []string{"first", "second", "third"} {
			s.Add(Loop{name, func(ctx context.Context) error {
				<-ctx.Done()
				mu.Lock()
				defer mu.Unlock()
				stopped = append(stopped, name)
				return nil
			}})
		}
		go func() { synctest.Wait(); cancel() }()
		s.Run(ctx)
		if want := []string{"third", "second", "first"}; !slices.Equal(stopped, want) {
			t.Errorf("stopped %v, want %v", stopped, want)
		}
	})
}

func TestLoopsAddedTogetherStopTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &Supervisor{Log: quiet()}
		slow := func(ctx context.Context) error { <-ctx.Done(); time.Sleep(20 * time.Second); return nil }
		s.Add(Loop{"portal", slow}, Loop{"gateway", slow})
		go func() { synctest.Wait(); cancel() }()
		began := time.Now()
		s.Run(ctx)
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("stopping took %s", took)
		}
	})
}
