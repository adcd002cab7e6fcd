package gateway

import (
	"io"
	"strings"
	"testing"
	"time"
)

// A task that always finds something to do lets others have their turn, and posted functions be called.
func TestTasksTakeTurns(t *testing.T) {
	l := looping(t)
	busy, source := linked(t, l)
	other, far := linked(t, l)
	go io.Copy(source, zeros(1<<40))
	l.post(func() {
		l.start(func(task *task) {
			busy.give(task)
			io.Copy(io.Discard, busy)
		})
	})
	l.post(func() {
		l.start(func(task *task) {
			other.give(task)
			io.Copy(other, other)
		})
	})
	p := make([]byte, 4)
	for range 100 {
		far.Write([]byte("ping"))
		if _, err := io.ReadFull(far, p); err != nil || string(p) != "ping" {
			t.Fatalf("%q, %v", p, err)
		}
	}
	busy.Close()
}

// What may wait is done elsewhere: meanwhile the loop goes on. A panic there is one of the task.
func TestTaskAwaits(t *testing.T) {
	l := looping(t)
	proceed, ended := make(chan struct{}), make(chan any)
	l.post(func() {
		l.start(func(task *task) {
			defer func() {
				p := recover()
				go func() { ended <- p }()
			}()
			task.await(func() { <-proceed })
			task.await(func() { panic("oh") })
		})
	})
	called := make(chan struct{})
	l.post(func() { close(called) })
	<-called
	close(proceed)
	select {
	case p := <-ended:
		if err, ok := p.(error); !ok || !strings.HasPrefix(err.Error(), "oh\n") {
			t.Errorf("%v", p)
		}
	case <-time.After(time.Minute):
		t.Error("the task does not end")
	}
	var none *task
	done := false
	if none.await(func() { done = true }); !done {
		t.Error("a goroutine does not do it itself")
	}
}
