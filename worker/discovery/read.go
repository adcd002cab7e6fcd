package discovery

import "context"

// ensureLoaded reads what is published if that was not done yet.
func (d *Discovery) ensureLoaded(ctx context.Context) error {
	d.load.Lock()
	defer d.load.Unlock()
	if d.loaded {
		return nil
	}
	return d.readLocked(ctx)
}

// read reads everything that is published. What was written meanwhile is kept in mind as it was written.
func (d *Discovery) read(ctx context.Context) error {
	d.load.Lock()
	defer d.load.Unlock()
	return d.readLocked(ctx)
}

func (d *Discovery) readLocked(ctx context.Context) error {
	began := d.clock.Load()
	addresses, err := d.opts.Registry.Addresses(ctx)
	if err != nil {
		return err
	}
	routes, err := d.opts.Registry.Routes(ctx)
	if err != nil {
		return err
	}
	tcp, err := d.opts.Registry.TCPRoutes(ctx)
	if err != nil {
		return err
	}
	found := map[string]publication{}
	of := func(appID string) publication {
		if _, ok := found[appID]; !ok {
			found[appID] = newPublication()
		}
		return found[appID]
	}
	for _, a := range addresses {
		p := of(a.AppID)
		p.addAddress(a)
	}
	for _, r := range routes {
		p := of(r.AppID)
		p.addRoute(r)
	}
	for _, r := range tcp {
		p := of(r.AppID)
		p.addTCPRoute(r)
	}
	for _, id := range d.ids() {
		of(id)
	}
	for id, p := range found {
		d.app(id).found(p, began)
	}
	d.loaded = true
	return nil
}

// found takes over what was read, unless the app was written to since the reading began.
func (a *app) found(p publication, began int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.written > began {
		return
	}
	p.config = a.known.config
	a.known = p
}

// ids returns the ids of all apps that something is known of.
func (d *Discovery) ids() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := make([]string, 0, len(d.apps))
	for id := range d.apps {
		ids = append(ids, id)
	}
	return ids
}
