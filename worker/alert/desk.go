package alert

import (
	"maps"
	"sync"

	"berth/core"
)

const (
	atOnce   = 64 // channels that are told at the same time
	ofTenant = 2  // of these
)

// channelKey is a channel of a tenant.
type channelKey struct{ tenantID, channelID string }

// delivery is what there is to tell a channel.
type delivery struct {
	channel core.AlertChannel
	notices []core.AlertNotice
}

func (d delivery) key() channelKey { return channelKey{d.channel.TenantID, d.channel.ID} }

// desk hands deliveries to tellers, few for each tenant: receivers that do not answer hold up nobody else's.
type desk struct {
	slots chan struct{}

	mu      sync.Mutex            // guards what follows
	waiting map[string][]delivery // by tenant
	telling map[channelKey]bool
	tellers map[string]int // by tenant
	idle    chan struct{}  // closed while there are no tellers
}

func newDesk() *desk {
	d := &desk{slots: make(chan struct{}, atOnce), telling: map[channelKey]bool{}, tellers: map[string]int{}, idle: make(chan struct{})}
	close(d.idle)
	return d
}

// clear takes back what waits, and returns what is being told.
func (d *desk) clear() map[channelKey]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = nil
	return maps.Clone(d.telling)
}

// hand has deliveries told in place of those that wait. The channel it returns is closed when all have been, those begun
// before included.
func (d *desk) hand(due map[string][]delivery, tell func(delivery)) <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = due
	for tenantID, list := range due {
		for range min(ofTenant-d.tellers[tenantID], len(list)) {
			if len(d.tellers) == 0 {
				d.idle = make(chan struct{})
			}
			d.tellers[tenantID]++
			go d.work(tenantID, tell)
		}
	}
	return d.idle
}

// work tells what waits of a tenant until nothing does.
func (d *desk) work(tenantID string, tell func(delivery)) {
	for next := true; next; {
		d.slots <- struct{}{}
		var x delivery
		if x, next = d.take(tenantID); next {
			tell(x)
			d.told(x)
		}
		<-d.slots
	}
}

// take returns what is to be told next; with nothing left there is a teller less.
func (d *desk) take(tenantID string) (x delivery, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.waiting[tenantID]
	if len(list) > 0 {
		x, d.waiting[tenantID] = list[0], list[1:]
		d.telling[x.key()] = true
		return x, true
	}
	if d.tellers[tenantID]--; d.tellers[tenantID] == 0 {
		delete(d.tellers, tenantID)
	}
	if len(d.tellers) == 0 {
		close(d.idle)
	}
	return x, false
}

func (d *desk) told(x delivery) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.telling, x.key())
}

// close waits for what is being told; what waits is not begun.
func (d *desk) close() {
	d.clear()
	d.mu.Lock()
	idle := d.idle
	d.mu.Unlock()
	<-idle
}
