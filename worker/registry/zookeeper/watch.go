package zookeeper

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/core"
)

// settleTime bounds how long changes that keep coming are gathered before they are told.
const settleTime = time.Second

// Watch implements core.Registry. ZooKeeper's watches tell once that something changed, not what: the node is read
// again, which watches it again. A watch belongs to one connection; when that is lost everything is read anew on the
// next, so that nothing which happened meanwhile can be missed.
func (r *Registry) Watch(ctx context.Context, apply func(core.RegistryChange)) error {
	for ctx.Err() == nil {
		if err := r.watchOnce(ctx, apply); ctx.Err() == nil {
			r.opts.Log.Warn("what is published is read anew after a lost connection", "error", err)
			pause(ctx, 100*time.Millisecond)
		}
	}
	return ctx.Err()
}

// watchOnce watches through one connection until it is lost or ctx ends.
func (r *Registry) watchOnce(ctx context.Context, apply func(core.RegistryChange)) error {
	w := newWatcher()
	conn, err := connect(r.opts, w.dialer(r.contact), w.event)
	if err != nil {
		return err
	}
	w.conn = conn
	defer func() { go conn.Close() }() // waits for an answer that may never come
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ready:
	}
	stop := context.AfterFunc(ctx, conn.Close) // ends what is being read
	defer stop()

	in := newEntries(r.refusals)
	trees := w.watched()
	for reset := true; ; reset = false {
		if err := w.settle(trees...); err != nil {
			return err
		}
		change := in.update(changedOf(trees))
		change.Reset = reset
		if !isEmpty(change) {
			apply(change)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.lost:
			return zk.ErrConnectionClosed
		case <-w.wake:
		}
	}
}

// watched returns the subtrees that a gateway follows, to be read from their roots.
func (w *watcher) watched() (trees []*tree) {
	for _, root := range []string{routes.root, tcpRoutes.root, certificates.root, challenges.root} {
		trees = append(trees, newTree(root, familyDepth, w.reader(root)))
	}
	trees = append(trees, newTree(addressRoot, addressDepth, w.reader(addressRoot)))
	for _, t := range trees {
		w.touch(t.root)
	}
	return trees
}

func changedOf(trees []*tree) (all []entry) {
	for _, t := range trees {
		all = append(all, t.changed()...)
	}
	return all
}

// settle reads what was touched until nothing is. ZooKeeper tells of a change before it shows a later one, so what
// has been read then belongs together: a route is never told before the addresses that were published before it.
func (w *watcher) settle(trees ...*tree) error {
	end := time.Now().Add(settleTime)
	for touched := w.take(); len(touched) > 0; touched = w.take() {
		for _, t := range trees {
			if err := t.refresh(slices.DeleteFunc(slices.Clone(touched), func(n string) bool { return !t.covers(n) })); err != nil {
				return err
			}
		}
		if time.Now().After(end) {
			return nil
		}
	}
	return nil
}

// take returns the nodes that were touched since it was last called.
func (w *watcher) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	nodes := slices.Collect(maps.Keys(w.touched))
	clear(w.touched)
	return nodes
}

// reader reads nodes and watches them. A root that is missing is made: what is not there cannot be watched.
func (w *watcher) reader(root string) nodeReader {
	children := func(node string) ([]string, error) {
		names, _, _, err := w.conn.ChildrenW(node)
		return names, err
	}
	return nodeReader{
		children: func(node string) ([]string, error) {
			names, err := children(node)
			for range maxRaces {
				if node != root || !errors.Is(err, zk.ErrNoNode) {
					break
				}
				if err := makeNode(w.conn, root); err != nil {
					return nil, err
				}
				names, err = children(node)
			}
			return names, err
		},
		data: func(node string) ([]byte, error) {
			data, _, _, err := w.conn.GetW(node)
			return data, err
		},
	}
}

func isEmpty(c core.RegistryChange) bool {
	return !c.Reset && len(c.Routes)+len(c.RemovedRoutes)+len(c.Apps)+len(c.Refused)+
		len(c.TCPRoutes)+len(c.RemovedTCPRoutes)+len(c.Certificates)+len(c.RemovedCertificates)+
		len(c.Challenges)+len(c.RemovedChallenges) == 0
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
