// Package worker runs the loops that make intentions true.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"
)

// Loop is a part that runs until its context ends. One that returns earlier, or panics, is started again.
type Loop struct {
	Name string
	Run  func(ctx context.Context) error
}

// Supervisor runs loops, recovers their panics, starts them again with back-off, and stops them in the reverse of
// the order in which they were added. Those added together are stopped together.
type Supervisor struct {
	Log      *slog.Logger
	MinDelay time.Duration // before a loop is started again; default 100 ms, doubled up to MaxDelay
	MaxDelay time.Duration // default 10 s
	groups   [][]Loop
}

// Add appends loops. Call it before Run.
func (s *Supervisor) Add(loops ...Loop) { s.groups = append(s.groups, loops) }

// Run runs all loops until ctx ends, then stops them, the last added first.
func (s *Supervisor) Run(ctx context.Context) {
	var stops []func()
	for _, group := range s.groups {
		groupCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		var done sync.WaitGroup
		for _, l := range group {
			done.Go(func() { s.keep(groupCtx, l) })
		}
		stops = append(stops, func() { cancel(); done.Wait() })
	}
	<-ctx.Done()
	for i := len(stops) - 1; i >= 0; i-- {
		stops[i]()
	}
}

// keep starts a loop again whenever it ends before ctx.
func (s *Supervisor) keep(ctx context.Context, l Loop) {
	least, most := s.MinDelay, s.MaxDelay
	if least == 0 {
		least = 100 * time.Millisecond
	}
	if most == 0 {
		most = 10 * time.Second
	}
	delay := least
	for {
		began := time.Now()
		err := runOnce(ctx, l)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > most {
			delay = least
		}
		s.Log.Error("a loop ended and is started again", "loop", l.Name, "in", delay, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(delay):
		}
		delay = min(2*delay, most)
	}
}

func runOnce(ctx context.Context, l Loop) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err = l.Run(ctx); err == nil {
		err = errors.New("ended by itself")
	}
	return err
}
