package quota

import (
	"context"

	"berth/core"
	"berth/views/i18n"
	"berth/views/layout"
	"berth/views/ui"
)

// Plans is the operator's page of plans and of open wishes.
type Plans struct {
	Page     layout.Page
	Plans    []core.QuotaPlan
	Teams    map[string]int
	Default  string
	Kept     map[string]bool // cannot be deleted
	Requests []Wish
	Form     ui.Form // what was typed and refused; "of" says of which plan or wish, "new" of a new one
}

// Wish is an open request with what it asks a decision about.
type Wish struct {
	core.QuotaRequest
	Team  string
	Limit int64 // at present
	Used  int64
}

func (m Plans) form(of string, kv ...string) ui.Form {
	if m.Form.Values["of"] == of {
		return m.Form
	}
	return ui.NewForm(kv...)
}

func (m Plans) failed(of string) bool { return m.Form.Values["of"] == of }

func planForm(p core.QuotaPlan) []string {
	kv := []string{"name", p.Name}
	for r, n := range p.Quota {
		kv = append(kv, string(r), Typed(r, n))
	}
	return kv
}

func planText(ctx context.Context, p core.QuotaPlan, r core.Resource) string {
	if n, ok := p.Quota[r]; ok {
		return Amount(ctx, r, n)
	}
	return i18n.T(ctx, "quota.no_limit")
}

var inputsOfPlan = func() []string {
	names := []string{"name", "answer"}
	for _, r := range core.Resources {
		names = append(names, string(r))
	}
	return names
}()
