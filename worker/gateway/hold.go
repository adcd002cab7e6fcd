package gateway

import "time"

const (
	maxHeld  = 100 // requests to one app that wait for its first instance
	holdTick = 25 * time.Millisecond
)

// hold has a request to an app that is asleep wait until an instance is there, while its count wakes the app. Nothing
// of its body is read. Beyond maxHeld, and after Timeouts.Hold, it goes on without one. Errors: errGone.
func (c *conn) hold(r *route) error {
	if !r.wakes || c.present(r) {
		return nil
	}
	held := &r.app.held
	if held.Add(1) > maxHeld {
		held.Add(-1)
		return nil
	}
	defer held.Add(-1)
	tick := time.NewTicker(holdTick)
	defer tick.Stop()
	for until := time.Now().Add(c.Timeouts.Hold); time.Now().Before(until); {
		c.task.await(func() { <-tick.C })
		switch {
		case c.present(r):
			return nil
		case c.left():
			return errGone
		}
	}
	return nil
}

// present reports whether any instance is published.
func (c *conn) present(r *route) bool { return len(r.app.instances.Load().all.list) > 0 }
