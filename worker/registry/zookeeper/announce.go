package zookeeper

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/core"
)

// announceEvery is how often an announcement is looked after: a session that expired has taken it along.
const announceEvery = 2 * time.Second

// Announce implements core.Registry with an ephemeral node, which ZooKeeper removes when this process is gone.
func (r *Registry) Announce(ctx context.Context, n core.GatewayNode) error {
	if err := n.Validate(); err != nil {
		return err
	}
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	go r.announce(ctx, gateways.path(n), data)
	return nil
}

func (r *Registry) announce(ctx context.Context, node string, data []byte) {
	for ctx.Err() == nil {
		if err := r.session.hold(ctx, node, data); err != nil && ctx.Err() == nil {
			r.opts.Log.Debug("this gateway is not announced yet", "error", err)
		}
		pause(ctx, announceEvery)
	}
	if err := r.session.delete(context.WithoutCancel(ctx), node); err != nil {
		r.opts.Log.Debug("the announcement ends with the session", "error", err)
	}
}

// hold has an ephemeral node of this session hold data. One that an older session left is replaced: it would vanish
// with that session.
func (s *session) hold(ctx context.Context, node string, data []byte) error {
	for range maxRaces {
		err := s.create(ctx, node, data, zk.FlagEphemeral)
		if errors.Is(err, zk.ErrNodeExists) {
			var own bool
			if own, err = s.owns(ctx, node); own {
				return s.overwrite(ctx, node, data)
			} else if err == nil {
				err = s.delete(ctx, node)
			}
		} else if errors.Is(err, zk.ErrNoNode) {
			err = s.ensure(ctx, gateways.root)
		} else {
			return err
		}
		if err != nil && !errors.Is(err, zk.ErrNoNode) {
			return err
		}
	}
	return zk.ErrNodeExists
}

func (s *session) owns(ctx context.Context, node string) (bool, error) {
	return call(ctx, s, func(c *zk.Conn) (bool, error) {
		_, stat, err := c.Get(node)
		return err == nil && stat.EphemeralOwner == c.SessionID(), err
	})
}
