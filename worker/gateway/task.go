package gateway

import (
	"fmt"
	"iter"
	"runtime/debug"
	"time"
)

// task is what serves a connection of a loop, as a coroutine: it runs until it waits, and goes on when what it waits
// for has come. While it runs the loop does not, so it must not wait for anything else: await has that done elsewhere.
type task struct {
	loop  *loop
	next  func() (struct{}, bool)
	yield func(struct{}) bool
	turns int
	now   time.Time // when it went on last
}

// start runs f as a task. The loop calls it.
func (l *loop) start(f func(*task)) {
	t := &task{loop: l}
	t.next, _ = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		f(t)
	})
	l.tasks++
	t.resume()
}

func (t *task) resume() {
	t.turns, t.now = turns, time.Now()
	if _, more := t.next(); !more {
		t.loop.tasks--
	}
}

// clock returns the present time, as exactly as deadlines and counts need it: reading the clock a dozen times for a
// request costs more than parsing it.
func (t *task) clock() time.Time {
	if t == nil {
		return time.Now()
	}
	return t.now
}

// pause returns when the task is resumed.
func (t *task) pause() { t.yield(struct{}{}) }

// turn lets others go on when the task has done a lot without waiting.
func (t *task) turn() {
	if t == nil {
		return
	}
	if t.turns--; t.turns == 0 {
		t.loop.again = append(t.loop.again, t)
		t.pause()
	}
}

// await returns when f, which may wait for anything, has. It runs on a goroutine of its own.
func (t *task) await(f func()) {
	if t == nil {
		f()
		return
	}
	var fault error
	go func() {
		defer t.loop.post(t.resume)
		defer func() {
			if p := recover(); p != nil {
				fault = fmt.Errorf("%v\n%s", p, debug.Stack())
			}
		}()
		f()
	}()
	t.pause()
	if fault != nil {
		panic(fault)
	}
}
