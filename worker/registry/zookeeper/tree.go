package zookeeper

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/go-zookeeper/zk"

	"berth/core"
)

// readers is how many nodes are read at once: enough to keep the connection busy, which answers in order anyway.
const readers = 64

// A tree mirrors a subtree whose nodes at one depth hold data and whose nodes above hold children.
type tree struct {
	root  string
	depth int
	read  nodeReader

	children map[string]map[string]bool // by path of what is above: names
	leaves   map[string]leaf            // by path of what holds data
	fresh    map[string]bool            // leaves that came, changed or went since changed was called
}

// nodeReader reads nodes, and watches them where that is wanted. ErrNoNode says that one is gone; an error for which
// broken holds ends the reading; any other concerns this node alone.
type nodeReader struct {
	children func(path string) ([]string, error)
	data     func(path string) ([]byte, error)
}

// leaf is what a node held, or why it could not be read.
type leaf struct {
	data []byte
	err  error
}

// entry is a leaf at a path; gone when it is no longer there.
type entry struct {
	path string
	leaf
	gone bool
}

func newTree(root string, depth int, read nodeReader) *tree {
	return &tree{root: root, depth: depth, read: read, children: map[string]map[string]bool{},
		leaves: map[string]leaf{}, fresh: map[string]bool{}}
}

// covers reports whether a path belongs to t.
func (t *tree) covers(node string) bool {
	return node == t.root || strings.HasPrefix(node, t.root+"/") && t.level(node) <= t.depth
}

// changed returns the leaves that came, changed or went since it was last called.
func (t *tree) changed() []entry {
	all := make([]entry, 0, len(t.fresh))
	for node := range t.fresh {
		l, ok := t.leaves[node]
		all = append(all, entry{node, l, !ok})
	}
	clear(t.fresh)
	return all
}

// refresh reads nodes again, and whatever new is found below them.
func (t *tree) refresh(nodes []string) error {
	for len(nodes) > 0 {
		found, err := t.readAll(nodes)
		if err != nil {
			return err
		}
		// Deepest first: a node that was read as gone may be back in its parent's list, and is then read again.
		slices.SortFunc(found, func(a, b reading) int { return t.level(b.path) - t.level(a.path) })
		nodes = nil
		for _, r := range found {
			nodes = append(nodes, t.apply(r)...)
		}
	}
	return nil
}

// reading is what was found at a path.
type reading struct {
	path  string
	names []string
	data  []byte
	err   error
}

// readAll reads nodes side by side.
func (t *tree) readAll(nodes []string) ([]reading, error) {
	found := make([]reading, len(nodes))
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	for range min(readers, len(nodes)) {
		group.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(nodes)) && failed.Load() == nil; i = next.Add(1) - 1 {
				found[i] = t.readOne(nodes[i])
				if err := found[i].err; stops(err) {
					failed.Store(&err)
				}
			}
		})
	}
	group.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	return found, nil
}

// stops reports whether err is about the connection and not about the node.
func stops(err error) bool { return broken(err) || core.ErrorCode(err) == core.EUNAVAILABLE }

func (t *tree) readOne(node string) reading {
	r := reading{path: node}
	if t.level(node) < t.depth {
		r.names, r.err = t.read.children(node)
	} else {
		r.data, r.err = t.read.data(node)
	}
	return r
}

// apply takes over what was found and returns the children that are new.
func (t *tree) apply(r reading) (added []string) {
	switch {
	case errors.Is(r.err, zk.ErrNoNode):
		t.drop(r.path)
	case t.level(r.path) == t.depth || r.err != nil:
		t.setLeaf(r.path, leaf{r.data, r.err})
	default:
		return t.setChildren(r.path, r.names)
	}
	return nil
}

func (t *tree) setLeaf(node string, l leaf) {
	old, ok := t.leaves[node]
	if ok && bytes.Equal(old.data, l.data) && old.err == l.err {
		return
	}
	t.leaves[node] = l
	t.fresh[node] = true
}

func (t *tree) setChildren(node string, names []string) (added []string) {
	old, now := t.children[node], make(map[string]bool, len(names))
	for _, name := range names {
		now[name] = true
		if !old[name] {
			added = append(added, path.Join(node, name))
		}
	}
	for name := range old {
		if !now[name] {
			t.drop(path.Join(node, name))
		}
	}
	t.children[node] = now
	t.dropLeaf(node) // it could not be read before
	return added
}

// drop forgets a node and all below it.
func (t *tree) drop(node string) {
	delete(t.children[path.Dir(node)], path.Base(node))
	for name := range t.children[node] {
		t.drop(path.Join(node, name))
	}
	delete(t.children, node)
	t.dropLeaf(node)
}

func (t *tree) dropLeaf(node string) {
	if _, ok := t.leaves[node]; ok {
		delete(t.leaves, node)
		t.fresh[node] = true
	}
}

// level is how far below the root a path lies.
func (t *tree) level(node string) int {
	return strings.Count(strings.TrimPrefix(node, t.root), "/")
}
