package service

import "berth/core"

// livePaths leaves out what the release before led to another app that is gone since.
func (m *merger) livePaths() error {
	var live []core.PathRule
	for _, p := range m.spec.Rules.Paths {
		ok, err := reachable(asSystem(m.ctx), m.tx, m.app, p.AppID)
		if err != nil {
			return err
		}
		if ok {
			live = append(live, p)
		}
	}
	m.spec.Rules.Paths = live
	return nil
}
