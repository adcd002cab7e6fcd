package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/draft"
	"berth/views/layout"
	"berth/views/quota"
	"berth/views/ui"
	"berth/views/version"
)

// stagedChanges are those of two people.
func stagedChanges() core.DraftView {
	spec := current.Spec
	spec.Memory = core.GiB
	spec.Env = append([]core.EnvVar{{Name: "LOG_LEVEL", Value: "debug"}, {Name: "PAYMENT_KEY", Value: "new", Secret: true}}, spec.Env[:1]...)
	spec.Rules.Deny = []string{"203.0.113.0/24"}
	d := core.Draft{AppID: shop.ID, Base: 41, Spec: spec, CreatedAt: now.Add(-time.Hour)}
	changes := core.Diff(current.Spec, spec)
	d.Touch(changes[:2], "Tomás Alves", now.Add(-40*time.Minute))
	d.Touch(changes[2:], "Operator", now.Add(-3*time.Minute))
	return core.DraftView{Draft: d, On: 41, Changes: d.Staged(changes)}
}

func draftExamples() map[string]templ.Component {
	view := stagedChanges()
	check := quota.Check{Known: true, Quota: "/quota", QuotaCheck: core.QuotaCheck{Used: core.Amounts{core.ResourceMemory: int64(3 * core.GiB)}, Limits: core.Amounts{core.ResourceMemory: int64(8 * core.GiB)},
		Now: core.Amounts{core.ResourceMemory: int64(2 * core.GiB)}, After: core.Amounts{core.ResourceMemory: int64(4 * core.GiB)}, Peak: core.Amounts{core.ResourceMemory: int64(5 * core.GiB)}, Switch: 40 * time.Second}}
	show := func(m draft.Page) templ.Component {
		m.Page, m.Head = page(layout.SectionHome, "Staged changes"), head(shop, "")
		return draft.DraftPage(m)
	}
	conflict := view
	conflict.Conflicts, conflict.On = []core.Difference{{What: "memory", Kind: core.DiffChanged, Before: "768 MB", After: "1 GB"}}, 42
	gentle := view
	gentle.Changes = view.Changes[len(view.Changes)-1:]
	staged := head(shop, app.TabVersions)
	staged.Staged = 3
	return map[string]templ.Component{
		"draft":          show(draft.Page{Draft: view, Check: check}),
		"draft-conflict": show(draft.Page{Draft: conflict, Check: check, Form: ui.NewForm().Fail(core.Errorf(core.ECONFLICT, "error.draft_moved"))}),
		"draft-gentle":   show(draft.Page{Draft: gentle, Check: check}),
		"draft-none":     show(draft.Page{}),
		"versions-staged": version.ListPage(version.Page{Page: page(layout.SectionHome, "Versions"), List: version.List{Head: staged, Releases: revisions(),
			Push: version.Push{Registry: "localhost:8080", Image: "localhost:8080/tea-shop"}}}),
	}
}
