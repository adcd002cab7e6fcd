package reconcile

import (
	"context"
	"sync"
	"time"
)

// queue holds the apps that are to be looked at. An app is in it once, however often it is added, and is never
// handed out twice at a time; one added while it is being looked at comes again afterwards.
type queue struct {
	mu      sync.Mutex
	ready   []string
	waiting map[string]bool // in ready, or to be added again when done
	busy    map[string]bool
	timers  map[string]*due
	signal  chan struct{}
}

type due struct {
	at    time.Time
	timer *time.Timer
}

func newQueue() *queue {
	return &queue{waiting: map[string]bool{}, busy: map[string]bool{}, timers: map[string]*due{}, signal: make(chan struct{}, 1)}
}

// Add has an app looked at soon.
func (q *queue) Add(appID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[appID] {
		return
	}
	q.waiting[appID] = true
	if !q.busy[appID] {
		q.ready = append(q.ready, appID)
		q.wakeOne()
	}
}

// AddAt has an app looked at then; the earliest of several times counts.
func (q *queue) AddAt(appID string, at time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if d := q.timers[appID]; d != nil {
		if !at.Before(d.at) {
			return
		}
		d.timer.Stop()
	}
	d := &due{at: at}
	d.timer = time.AfterFunc(time.Until(at), func() {
		q.mu.Lock()
		if q.timers[appID] == d {
			delete(q.timers, appID)
		}
		q.mu.Unlock()
		q.Add(appID)
	})
	q.timers[appID] = d
}

// Get waits for an app; ok is false when ctx has ended. Call Done with it afterwards.
func (q *queue) Get(ctx context.Context) (appID string, ok bool) {
	for {
		q.mu.Lock()
		if len(q.ready) > 0 {
			appID, q.ready = q.ready[0], q.ready[1:]
			delete(q.waiting, appID)
			q.busy[appID] = true
			if len(q.ready) > 0 {
				q.wakeOne()
			}
			q.mu.Unlock()
			return appID, true
		}
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return "", false
		case <-q.signal:
		}
	}
}

// Done says that an app has been looked at.
func (q *queue) Done(appID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.busy, appID)
	if q.waiting[appID] {
		q.ready = append(q.ready, appID)
		q.wakeOne()
	}
}

// wakeOne lets one waiting Get look again. Callers hold mu.
func (q *queue) wakeOne() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}
