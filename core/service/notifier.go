package service

import (
	"context"
	"sync"

	"berth/core"
)

// subscriberRoom is how many changes a slow reader may be behind before it loses some.
const subscriberRoom = 64

// Notifier carries changes inside this process.
type Notifier struct {
	mu          sync.Mutex
	subscribers map[chan core.Change]struct{}
}

var _ core.Notifier = (*Notifier)(nil)

// NewNotifier returns a Notifier without subscribers.
func NewNotifier() *Notifier { return &Notifier{subscribers: map[chan core.Change]struct{}{}} }

// Notify hands a change to every subscriber that has room for it.
func (n *Notifier) Notify(c core.Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ch := range n.subscribers {
		select {
		case ch <- c:
		default: // a page that is behind looks at the truth again anyway
		}
	}
}

// Subscribe returns the changes from now on; the channel is closed when ctx ends.
func (n *Notifier) Subscribe(ctx context.Context) <-chan core.Change {
	ch := make(chan core.Change, subscriberRoom)
	n.mu.Lock()
	n.subscribers[ch] = struct{}{}
	n.mu.Unlock()
	context.AfterFunc(ctx, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.subscribers, ch)
		close(ch)
	})
	return ch
}

// Subscribe returns the changes from now on that the actor may see, until ctx ends: those of its tenants and apps;
// those of no tenant, such as a host's, for operators.
func (s *Service) Subscribe(ctx context.Context) <-chan core.Change {
	actor := core.ActorFrom(ctx)
	all, seen := s.notifier.Subscribe(ctx), make(chan core.Change, subscriberRoom)
	go func() {
		defer close(seen)
		for c := range all {
			if !sees(actor, c) {
				continue
			}
			select {
			case seen <- c:
			default:
			}
		}
	}()
	return seen
}

func sees(actor core.Actor, c core.Change) bool {
	switch {
	case actor.Kind == core.ActorNobody:
		return false
	case c.TenantID == "":
		return actor.AllTenants()
	}
	return actor.Can(core.ActView, c.TenantID) && (c.AppID == "" || actor.SeesApp(c.AppID))
}
