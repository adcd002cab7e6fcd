package discovery

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"berth/core"
)

// diff returns the writes that lead from what is known to what is wanted, and no more than those. The order is what
// keeps requests from failing: addresses come before the routes that lead to them, and go after them.
func diff(appID string, known, want publication) []step {
	var steps []step
	if want.config != nil && !bytes.Equal(known.config, want.config) {
		steps = append(steps, putConfig{appID, want.config})
	}
	for _, at := range places(want) {
		if a := want.addresses[at]; known.addresses[at] != a {
			steps = append(steps, register{a})
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(want.routes)) {
		if r := want.routes[domain]; !known.routes[domain].Equal(r) {
			steps = append(steps, putRoute{r})
		}
	}
	for _, domain := range slices.Sorted(maps.Keys(known.routes)) {
		if _, ok := want.routes[domain]; !ok {
			steps = append(steps, deleteRoute{domain})
		}
	}
	steps = append(steps, diffTCP(known, want)...)
	for _, at := range places(known) {
		if _, ok := want.addresses[at]; !ok {
			steps = append(steps, deregister{core.Address{AppID: appID, Version: at.version, ContainerID: at.container,
				Address: known.addresses[at].Address}})
		}
	}
	if want.config == nil && known.config != nil {
		steps = append(steps, deleteConfig{appID})
	}
	return steps
}

func placeOf(a core.Address) place { return place{a.Version, a.ContainerID} }

// places returns where the addresses of p lie, in a stable order.
func places(p publication) []place {
	return slices.SortedFunc(maps.Keys(p.addresses), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.version, b.version), cmp.Compare(a.container, b.container))
	})
}
