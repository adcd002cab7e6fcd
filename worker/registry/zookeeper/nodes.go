package zookeeper

import (
	"bytes"
	"context"
	"errors"
	"path"

	"github.com/go-zookeeper/zk"

	"berth/core"
)

// maxData is the most that is written to a node: ZooKeeper hangs up on whoever sends it 1 MiB.
const maxData = 512 * 1024

// maxRaces is how often a write begins anew because somebody removed a node on its path meanwhile.
const maxRaces = 100

var everybody = zk.WorldACL(zk.PermAll)

// put has a persistent node hold data, and makes its parents.
func (s *session) put(ctx context.Context, node string, data []byte) error {
	if len(data) > maxData {
		return core.Errorf(core.ETOOLARGE, "error.registry_entry_large")
	}
	for range maxRaces {
		err := s.create(ctx, node, data, 0)
		if errors.Is(err, zk.ErrNodeExists) {
			err = s.overwrite(ctx, node, data)
		}
		if !errors.Is(err, zk.ErrNoNode) {
			return failure(err)
		}
		if err := s.ensure(ctx, path.Dir(node)); err != nil {
			return failure(err)
		}
	}
	return failure(zk.ErrNoNode)
}

// overwrite sets a node's data if it is another. A node that is not touched wakes no watcher.
func (s *session) overwrite(ctx context.Context, node string, data []byte) error {
	old, err := call(ctx, s, func(c *zk.Conn) ([]byte, error) {
		data, _, err := c.Get(node)
		return data, err
	})
	if err != nil || bytes.Equal(old, data) {
		return err
	}
	_, err = call(ctx, s, func(c *zk.Conn) (*zk.Stat, error) { return c.Set(node, data, -1) })
	return err
}

// ensure has a node and its parents exist.
func (s *session) ensure(ctx context.Context, node string) error {
	_, err := call(ctx, s, func(c *zk.Conn) (struct{}, error) { return struct{}{}, makeNode(c, node) })
	return err
}

// makeNode makes a node and its parents; that it is there already is no error.
func makeNode(c *zk.Conn, node string) error {
	_, err := c.Create(node, nil, 0, everybody)
	if errors.Is(err, zk.ErrNoNode) && node != "/" {
		if err := makeNode(c, path.Dir(node)); err != nil {
			return err
		}
		_, err = c.Create(node, nil, 0, everybody)
	}
	if errors.Is(err, zk.ErrNodeExists) || errors.Is(err, zk.ErrNoNode) { // ErrNoNode: a parent was removed meanwhile
		return nil
	}
	return err
}

// remove removes a node, what anybody put below it, and its parents below root as far as they are empty.
func (s *session) remove(ctx context.Context, node, root string) error {
	if err := s.removeTree(ctx, node); err != nil {
		return failure(err)
	}
	for dir := path.Dir(node); dir != root; dir = path.Dir(dir) {
		switch err := s.delete(ctx, dir); {
		case errors.Is(err, zk.ErrNotEmpty):
			return nil
		case err != nil:
			return failure(err)
		}
	}
	return nil
}

func (s *session) removeTree(ctx context.Context, node string) error {
	err := s.delete(ctx, node)
	for range maxRaces {
		if !errors.Is(err, zk.ErrNotEmpty) {
			return err
		}
		names, err2 := call(ctx, s, func(c *zk.Conn) ([]string, error) {
			names, _, err := c.Children(node)
			return names, err
		})
		if err2 != nil && !errors.Is(err2, zk.ErrNoNode) {
			return err2
		}
		for _, name := range names {
			if err := s.removeTree(ctx, path.Join(node, name)); err != nil {
				return err
			}
		}
		err = s.delete(ctx, node)
	}
	return err
}

func (s *session) create(ctx context.Context, node string, data []byte, flags int32) error {
	_, err := call(ctx, s, func(c *zk.Conn) (string, error) { return c.Create(node, data, flags, everybody) })
	return err
}

// delete removes a node without children; removing what is absent is no error.
func (s *session) delete(ctx context.Context, node string) error {
	_, err := call(ctx, s, func(c *zk.Conn) (struct{}, error) { return struct{}{}, c.Delete(node, -1) })
	if errors.Is(err, zk.ErrNoNode) {
		return nil
	}
	return err
}

// failure has every error that leaves this package be a core.Error.
func failure(err error) error {
	if err == nil || core.ErrorCode(err) != core.EINTERNAL {
		return err
	}
	return unavailable(err)
}
