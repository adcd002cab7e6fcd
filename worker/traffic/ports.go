package traffic

import "berth/core"

// port names a TCP port of an app.
type port struct{ appID, id string }

// mergePorts takes what a gateway told of its ports; mu is held. A port that is no longer there begins anew when it is
// opened again.
func (r *Reader) mergePorts(n *node, told []core.TCPPortCounts) {
	next := make(map[port]core.TCPCounts, len(told))
	for _, p := range told {
		next[port{p.AppID, p.ID}] = p.TCPCounts
	}
	for at := range n.ports {
		if _, ok := next[at]; !ok {
			delete(r.ports, at)
		}
	}
	n.ports = next
}

// foldPorts keeps the counts of a process that has ended; mu is held.
func (r *Reader) foldPorts(n *node) {
	for at, c := range n.ports {
		r.ports[at] = r.ports[at].Plus(c).Ended()
	}
	clear(n.ports)
}

// TCP implements core.TCPTraffic: this process's gateway as it is now, others as they were when they were asked last.
func (r *Reader) TCP(appID string) map[string]core.TCPCounts {
	r.refreshPorts()
	r.mu.Lock()
	defer r.mu.Unlock()
	sums := map[string]core.TCPCounts{}
	add := func(id string, c core.TCPCounts) {
		if sum, ok := sums[id]; ok {
			c = sum.Plus(c)
		}
		sums[id] = c
	}
	for _, n := range r.nodes {
		for at, c := range n.ports {
			switch {
			case at.appID != appID:
			case n.gone:
				add(at.id, c.Ended())
			default:
				add(at.id, c)
			}
		}
	}
	for id := range sums {
		if c, ok := r.ports[port{appID, id}]; ok {
			add(id, c)
		}
	}
	return sums
}

func (r *Reader) refreshPorts() {
	if r.Local == nil {
		return
	}
	told := r.Local.TCP.Ports()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mergePorts(r.node(r.Local.ID), told)
}
