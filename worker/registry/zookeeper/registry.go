// Package zookeeper is core.Registry on ZooKeeper: persistent nodes that every gateway, worker and other tool reads.
// docs/zookeeper.md describes the paths, which are a contract.
package zookeeper

import (
	"context"
	"log/slog"
	"time"

	"github.com/go-zookeeper/zk"

	"berth/core"
)

var _ core.Registry = (*Registry)(nil)

// Options say how to reach ZooKeeper.
type Options struct {
	Servers []string      // "host:port"; the port defaults to 2181
	Timeout time.Duration // of a session; default 6s
	Log     *slog.Logger  // default slog.Default

	// Refused is told of every malformed entry that a watch or a reading meets, once until it is mended or changes.
	Refused func(core.RefusedEntry)
}

// Registry publishes in ZooKeeper. Make it with New, end it with Close.
type Registry struct {
	opts     Options
	session  *session
	contact  *contact
	refusals *refusals
}

// New returns at once; ZooKeeper need not be there yet, and may go and come back at any time.
// Errors: EINVALID when no server is named.
func New(o Options) (*Registry, error) {
	if len(o.Servers) == 0 {
		return nil, core.Invalid("zookeeper-servers", "error.zookeeper_servers_missing")
	}
	if o.Timeout == 0 {
		o.Timeout = 6 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	r := &Registry{opts: o, contact: newContact(), refusals: newRefusals(o.Log, o.Refused)}
	s, err := openSession(o, r.contact)
	if err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.zookeeper_servers_missing")
	}
	r.session = s
	return r, nil
}

// Close ends the session, and with it what Announce published.
func (r *Registry) Close() { r.session.close() }

// Register implements core.Registry.
func (r *Registry) Register(ctx context.Context, a core.Address) error {
	if err := a.Validate(); err != nil {
		return err
	}
	return r.session.put(ctx, addressPath(a), []byte(a.Address))
}

// Deregister implements core.Registry. The nodes of a version and of an app go with their last address.
func (r *Registry) Deregister(ctx context.Context, a core.Address) error {
	if err := validatePlace(a); err != nil {
		return err
	}
	return r.session.remove(ctx, addressPath(a), addressRoot)
}

// Addresses implements core.Registry.
func (r *Registry) Addresses(ctx context.Context) ([]core.Address, error) {
	t, err := r.read(ctx, addressRoot, addressDepth)
	if err != nil {
		return nil, err
	}
	in := newEntries(r.refusals)
	in.update(t.changed())
	return in.allAddresses(), nil
}

// PutConfig implements core.Registry.
func (r *Registry) PutConfig(ctx context.Context, appID string, config []byte) error {
	if err := core.ValidateLabel("appId", appID); err != nil {
		return err
	}
	return r.session.put(ctx, configPath(appID), config)
}

// DeleteConfig implements core.Registry.
func (r *Registry) DeleteConfig(ctx context.Context, appID string) error {
	if err := core.ValidateLabel("appId", appID); err != nil {
		return err
	}
	return r.session.remove(ctx, configPath(appID), configRoot)
}

// Contact implements core.Registry: when a server last sent anything; an idle connection is asked every third of
// Options.Timeout.
func (r *Registry) Contact() time.Time { return r.contact.last() }

// read reads a subtree once, without watching it.
func (r *Registry) read(ctx context.Context, root string, depth int) (*tree, error) {
	t := newTree(root, depth, nodeReader{
		children: func(path string) ([]string, error) {
			return call(ctx, r.session, func(c *zk.Conn) ([]string, error) {
				names, _, err := c.Children(path)
				return names, err
			})
		},
		data: func(path string) ([]byte, error) {
			return call(ctx, r.session, func(c *zk.Conn) ([]byte, error) {
				data, _, err := c.Get(path)
				return data, err
			})
		},
	})
	if err := t.refresh([]string{root}); err != nil {
		return nil, failure(err)
	}
	return t, nil
}
