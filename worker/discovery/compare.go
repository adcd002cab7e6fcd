package discovery

import (
	"context"

	"berth/core"
)

// wanted reads from the store what is to be published of an app: nothing of one that does not exist.
func (d *Discovery) wanted(ctx context.Context, appID string) (publication, error) {
	row, err := d.opts.Store.Apps().Get(ctx, appID)
	if core.ErrorCode(err) == core.ENOTFOUND {
		return newPublication(), nil
	} else if err != nil {
		return publication{}, err
	}
	instances, err := d.opts.Store.Instances().List(ctx, appID)
	if err != nil {
		return publication{}, err
	}
	domains, err := d.opts.Store.Domains().List(ctx, appID)
	if err != nil {
		return publication{}, err
	}
	var serving *core.Release
	if row.Serving > 0 {
		release, err := d.opts.Store.Releases().Get(ctx, appID, row.Serving)
		if err != nil {
			return publication{}, err
		}
		serving = &release
	}
	ports, err := d.opts.Store.TCPPorts().List(ctx, appID)
	if err != nil {
		return publication{}, err
	}
	want, err := d.govern(ctx, row, serving, wanted(row, serving, instances, d.Domain(appID)))
	if err == nil {
		err = d.handOver(ctx, row, serving, &want, instances)
	}
	if err != nil {
		return publication{}, err
	}
	want.addTCPPorts(row, serving, ports, d.Domain(appID), domains)
	return want.withDomains(d.Domain(appID), domains), nil
}

// different returns the apps of which something else is published than is wanted, by few and large queries.
func (d *Discovery) different(ctx context.Context) ([]string, error) {
	instances, err := d.instances(ctx)
	if err != nil {
		return nil, err
	}
	domains, err := d.domains(ctx)
	if err != nil {
		return nil, err
	}
	ports, err := d.tcpPorts(ctx)
	if err != nil {
		return nil, err
	}
	var different []string
	exists := map[string]bool{}
	for cursor := ""; ; {
		page, next, err := d.opts.Store.Apps().List(ctx, core.AppFilter{Cursor: cursor})
		if err != nil {
			return nil, err
		}
		releases, err := d.releases(ctx, page)
		if err != nil {
			return nil, err
		}
		for _, row := range page {
			exists[row.ID] = true
			want, err := d.govern(ctx, row, releases[row.ID], wanted(row, releases[row.ID], instances[row.ID], d.Domain(row.ID)))
			if err == nil {
				err = d.handOver(ctx, row, releases[row.ID], &want, instances[row.ID])
			}
			if err != nil {
				return nil, err
			}
			want.addTCPPorts(row, releases[row.ID], ports[row.ID], d.Domain(row.ID), domains[row.ID])
			if !d.app(row.ID).is(want.withDomains(d.Domain(row.ID), domains[row.ID])) {
				different = append(different, row.ID)
			}
		}
		if cursor = next; cursor == "" {
			break
		}
	}
	for _, id := range d.ids() {
		if !exists[id] && !d.app(id).is(newPublication()) {
			different = append(different, id)
		}
	}
	return different, nil
}

// instances returns the instances of every app.
func (d *Discovery) instances(ctx context.Context) (map[string][]core.Instance, error) {
	all, err := d.opts.Store.Instances().List(ctx, "")
	if err != nil {
		return nil, err
	}
	byApp := map[string][]core.Instance{}
	for _, i := range all {
		byApp[i.AppID] = append(byApp[i.AppID], i)
	}
	return byApp, nil
}

// tcpPorts returns the TCP ports of every app.
func (d *Discovery) tcpPorts(ctx context.Context) (map[string][]core.TCPPort, error) {
	all, err := d.opts.Store.TCPPorts().List(ctx, "")
	byApp := map[string][]core.TCPPort{}
	for _, p := range all {
		byApp[p.AppID] = append(byApp[p.AppID], p)
	}
	return byApp, err
}

// releases returns the serving releases of a page of apps.
func (d *Discovery) releases(ctx context.Context, page []core.App) (map[string]*core.Release, error) {
	numbers := map[string]int{}
	for _, row := range page {
		if row.Serving > 0 {
			numbers[row.ID] = row.Serving
		}
	}
	found, err := d.opts.Store.Releases().Pick(ctx, numbers)
	if err != nil {
		return nil, err
	}
	releases := make(map[string]*core.Release, len(found))
	for id, r := range found {
		releases[id] = &r
	}
	return releases, nil
}

// is reports whether just p is known to be published.
func (a *app) is(p publication) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(diff(a.id, a.known, p)) == 0
}
