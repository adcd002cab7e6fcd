package gateway

import (
	"bytes"
	"strconv"
	"time"

	"berth/core"
)

// note is what the access log says of the request under way. It is copied out of the head at the beginning: the bytes
// there are gone when the exchange ends.
type note struct {
	domain           []byte // stays valid during the exchange
	source, protocol string
	method           [16]byte
	path             [core.MaxAccessPath]byte
	agent            [core.MaxAccessAgent]byte
	nMethod, nPath   int
	nAgent           int
}

// set notes a request. The query is left out, since it may carry secrets.
func (n *note) set(domain []byte, source string, method, target, agent []byte, protocol string) {
	n.domain, n.source, n.protocol = domain, source, protocol
	if end := bytes.IndexByte(target, '?'); end >= 0 {
		target = target[:end]
	}
	if end := bytes.IndexByte(target, '#'); end >= 0 {
		target = target[:end]
	}
	n.nMethod = copy(n.method[:], method)
	n.nPath = copy(n.path[:], target)
	if n.nPath == 0 {
		n.path[0], n.nPath = '/', 1
	}
	n.nAgent = copy(n.agent[:], agent)
	if bytes.IndexByte(n.agent[:n.nAgent], '\t') >= 0 {
		for i := range n.agent[:n.nAgent] {
			if n.agent[i] == '\t' {
				n.agent[i] = ' '
			}
		}
	}
}

// maxLine is the longest line that append writes: the fields above, the domain, and what the gateway says.
const maxLine = 1024

// append appends the line of an exchange that ends at now, microseconds since 1970.
func (n *note) append(dst []byte, t *tally, now int64, took time.Duration) []byte {
	dst = append(strconv.AppendInt(dst, now, 10), '\t')
	dst = append(append(dst, n.domain...), '\t')
	dst = append(append(dst, n.source...), '\t')
	dst = append(append(dst, n.method[:n.nMethod]...), '\t')
	dst = append(append(dst, n.path[:n.nPath]...), '\t')
	dst = append(append(dst, n.protocol...), '\t')
	dst = append(strconv.AppendInt(dst, int64(t.status), 10), '\t')
	dst = append(strconv.AppendInt(dst, t.in, 10), '\t')
	dst = append(strconv.AppendInt(dst, t.out, 10), '\t')
	dst = append(strconv.AppendInt(dst, took.Microseconds(), 10), '\t')
	if i := t.instance; i != nil {
		dst = append(append(dst, i.Address.Address...), '\t')
		dst = append(append(dst, i.Version...), '\t')
	} else {
		dst = append(dst, "\t\t"...)
	}
	dst = append(append(dst, t.fault()...), '\t')
	return append(append(dst, n.agent[:n.nAgent]...), '\n')
}

// fault words why the exchange failed.
func (t *tally) fault() core.Fault {
	switch t.cause {
	case nil:
		if t.status == 0 {
			return core.FaultLeft
		}
		return core.FaultNone
	case errNoInstance:
		return core.FaultNoInstance
	case errNotSent:
		return core.FaultUnreachable
	case errBroken:
		return core.FaultBroken
	case errSlow:
		return core.FaultSlow
	case errBadResponse:
		return core.FaultMalformed
	}
	return core.FaultCut
}

// failures are the last requests of an app that failed; guarded by its traffic.
type failures struct {
	last [32]core.FailedRequest
	n    int
}

// keepFailure notes the exchange among the app's last failures.
func (t *tally) keepFailure(now time.Time) {
	f := core.FailedRequest{Time: now, Domain: string(t.note.domain), Method: string(t.note.method[:t.note.nMethod]),
		Path: string(t.note.path[:t.note.nPath]), Status: t.status, Fault: t.fault()}
	if t.instance != nil {
		f.Instance, f.Version = t.instance.Address.Address, t.instance.Version
	}
	a := &t.route.app.traffic
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failures == nil {
		a.failures = new(failures)
	}
	a.failures.last[a.failures.n%len(a.failures.last)] = f
	a.failures.n++
}

// lastFailures returns them, oldest first; mu is held.
func (t *traffic) lastFailures() []core.FailedRequest {
	if t.failures == nil {
		return nil
	}
	f, size := t.failures, len(t.failures.last)
	all := make([]core.FailedRequest, 0, min(f.n, size))
	for i := max(f.n-size, 0); i < f.n; i++ {
		all = append(all, f.last[i%size])
	}
	return all
}
