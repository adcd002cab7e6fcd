// Package traffic sums what several gateways count. Each serves its counts to the others' readers; a reader asks all
// that the registry names, and a sampler writes what it learns into the history.
package traffic

import (
	"time"

	"berth/core"
)

// Gateway is the gateway of this process.
type Gateway interface {
	App(appID string) core.TrafficCounts
	Traffic(since time.Time) []core.AppTraffic
	Failures(appID string) []core.FailedRequest
}

// Access is the access log of this process's gateway.
type Access interface {
	core.AccessLog
	TopPaths(appID string, at time.Time) []core.PathCount
}

// TCP is what this process's gateway does with TCP ports.
type TCP interface {
	Ports() []core.TCPPortCounts
}

// Local is what this process's gateway tells.
type Local struct {
	ID      string // by which it is announced
	Process string // differs from that of every other process
	Since   time.Time
	Gateway Gateway
	Access  Access
	TCP     TCP
}

// Stats is what a gateway tells to those who have the secret.
type Stats struct {
	Process string
	Since   time.Time // when the process began
	Now     time.Time
	Apps    []core.AppTraffic
	Ports   []core.TCPPortCounts // all there are
}

// NewLocal names the process anew.
func NewLocal(id string, g Gateway, a Access, t TCP) *Local {
	return &Local{ID: id, Process: core.NewID(), Since: time.Now(), Gateway: g, Access: a, TCP: t}
}

// stats returns what was counted of the apps that had a request at or after since.
func (l *Local) stats(since time.Time) Stats {
	s := Stats{Process: l.Process, Since: l.Since, Now: time.Now(), Apps: l.Gateway.Traffic(since), Ports: l.TCP.Ports()}
	slot := core.PathSlotOf(s.Now)
	for i := range s.Apps {
		s.Apps[i].Slot = slot
		s.Apps[i].Paths = l.Access.TopPaths(s.Apps[i].AppID, s.Now)
		s.Apps[i].Before = l.Access.TopPaths(s.Apps[i].AppID, s.Now.Add(-core.PathSlot))
	}
	return s
}
