package service

import "berth/core"

// releaseValues is what the audit says of a release: what differs from the one before, by the names that differences
// have: "memory", "env.LOG_LEVEL". Of a secret it says no more than that there is one.
func releaseValues(old, spec core.ReleaseSpec) (before, after map[string]string) {
	before, after = map[string]string{}, map[string]string{}
	for _, d := range core.Diff(old, spec) {
		name := d.What
		if d.Name != "" {
			name += "." + d.Name
		}
		if d.Secret {
			d.Before, d.After = core.Masked, core.Masked
		}
		if d.Kind != core.DiffAdded {
			before[name] = d.Before
		}
		if d.Kind != core.DiffRemoved {
			after[name] = d.After
		}
	}
	return before, after
}
