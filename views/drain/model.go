// Package drain shows where a team's logs are forwarded to.
package drain

import (
	"berth/core"
	"berth/views/layout"
	"berth/views/paths"
	"berth/views/ui"
)

// Page is the page of a team's drains.
type Page struct {
	Page   layout.Page
	Drains []core.LogDrain
	Change string  // id of the one that the form changes; "" for a new one
	Form   ui.Form // name, kind, url, header, secret, ca
}

// NewForm is the form with what most choose.
func NewForm() ui.Form { return ui.NewForm("kind", string(core.DrainHTTP)) }

// FormOf is the form that changes a drain. Where it leads is shown to nobody.
func FormOf(d core.LogDrain) ui.Form { return ui.NewForm("kind", string(d.Kind), "name", d.Name) }

func (m Page) action() string {
	if m.Change != "" {
		return paths.LogDrain(m.Change)
	}
	return paths.LogDrains(m.Page.Tenant.ID)
}

func (m Page) words(key string) string {
	if m.Change != "" {
		return "drain." + key + "_change"
	}
	return "drain." + key
}

func (m Page) full() bool { return m.Change == "" && len(m.Drains) >= core.MaxLogDrains }

var icons = map[core.DrainKind]string{core.DrainHTTP: "out", core.DrainSyslog: "key", core.DrainLoki: "list", core.DrainElasticsearch: "search"}

// look says how a drain stands, and the key of the words for it.
func look(d core.LogDrain) (l ui.Look, key string) {
	switch {
	case !d.Fault.IsZero():
		return ui.Look{Icon: "warn", Kind: "warn"}, "drain.state.waits"
	case d.Sent == 0 && d.Lost == 0:
		return ui.Look{Icon: "todo"}, "drain.state.new"
	}
	return ui.Look{Icon: "ok", Kind: "ok"}, "drain.state.works"
}
