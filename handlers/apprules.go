package handlers

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/paths"
	"berth/views/rules"
	"berth/views/ui"
)

func (h *Handlers) rulesPage(c echo.Context) error {
	r, err := h.currentRelease(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	m := rules.Page{Current: r, Rules: r.Spec.Rules, Form: rulesForm(r.Spec.Rules)}
	for _, u := range r.Spec.Rules.Auth {
		m.Users = append(m.Users, rules.User{Name: u.Name, Kept: true})
	}
	for _, p := range r.Spec.Rules.Paths {
		m.Paths = append(m.Paths, rules.Path{Prefix: p.Prefix, App: p.AppID, Strip: p.Strip})
	}
	return h.renderRules(c, http.StatusOK, m)
}

func (h *Handlers) renderRules(c echo.Context, status int, m rules.Page) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabRules)
	if err != nil {
		return err
	}
	if head.App.IsService() {
		return core.NotFound()
	}
	p.Path = paths.Rules(head.App.ID)
	if p.Toast, err = h.toast(c, head.App); err != nil {
		return err
	}
	m.Page, m.Head = p, head
	if m.Apps, err = h.neighbours(c.Request().Context(), head.App); err != nil {
		return err
	}
	return render(c, status, rules.RulesPage(m))
}

// neighbours are the other apps of the team that a path may lead to.
func (h *Handlers) neighbours(ctx context.Context, a core.App) ([]core.App, error) {
	summaries, _, err := h.Service.Apps(ctx, core.AppFilter{TenantID: a.TenantID, Limit: 100})
	var apps []core.App
	for _, s := range summaries {
		if s.App.ID != a.ID && !s.App.IsService() && !s.App.Deleting {
			apps = append(apps, s.App)
		}
	}
	return apps, err
}

// saveRules makes a release of the rules, or stages them. No instance is restarted by that.
func (h *Handlers) saveRules(c echo.Context) error {
	id := c.Param("app")
	r, err := h.currentRelease(c.Request().Context(), id)
	if err != nil {
		return err
	}
	in, err := rulesInput(c)
	next := ""
	if err == nil {
		next, err = h.releaseOrStage(c, id, in)
	}
	if err == nil {
		if op, ok := strings.CutPrefix(next, paths.Operation("")); ok {
			next = paths.RulesAccepted(id, op)
		}
		return redirect(c, next)
	}
	form, ok := failed(typedRules(c), err)
	if !ok {
		return err
	}
	form.Errors = atInputs(form.Errors)
	m := rules.Page{Current: r, Rules: r.Spec.Rules, Form: form}
	for _, u := range typedUsers(c) {
		kept := slices.ContainsFunc(r.Spec.Rules.Auth, func(b core.BasicUser) bool { return b.Name == u.name })
		m.Users = append(m.Users, rules.User{Name: u.name, Kept: kept})
	}
	for _, p := range typedPaths(c) {
		m.Paths = append(m.Paths, rules.Path{Prefix: p.Prefix, App: p.AppID, Strip: p.Strip})
	}
	return h.renderRules(c, http.StatusUnprocessableEntity, m)
}

// atInputs leads the faults of single entries, "rules.request_headers.2", to the inputs that have them.
func atInputs(faults map[string]core.Text) map[string]core.Text {
	at := map[string]core.Text{}
	for field, text := range faults {
		field = strings.TrimPrefix(field, "rules.")
		for _, input := range rules.Inputs {
			if field == input || strings.HasPrefix(field, input+".") {
				field = input
				break
			}
		}
		at[field] = text
	}
	return at
}

// rulesForm is what the rules say, as it is typed.
func rulesForm(r core.Rules) ui.Form {
	f := ui.NewForm("deny", lines(r.Deny), "allow", lines(r.Allow), "maintenance.text", r.Maintenance.Text,
		"maintenance.allow", lines(r.Maintenance.Allow), "version_header", r.VersionHeader,
		"balance", string(r.Balance), "protocol", string(r.Protocol),
		"rate.requests", countText(r.Rate.Requests), "rate.per", durationText(r.Rate.Per), "rate.burst", countText(r.Rate.Burst),
		"eject.failures", countText(r.Eject.Failures), "eject.for", durationText(r.Eject.For), "eject.return", durationText(r.Eject.Return),
		"response_timeout", durationText(r.ResponseTimeout), "idle_timeout", durationText(r.IdleTimeout),
		"request_headers", headerLines(r.RequestHeaders), "response_headers", headerLines(r.ResponseHeaders),
		"redirects", redirectLines(r.Redirects))
	if r.MaxBody > 0 {
		f.Values["max_body"] = r.MaxBody.Human()
		if exact, err := core.ParseBytes(r.MaxBody.Human()); err != nil || exact != r.MaxBody {
			f.Values["max_body"] = r.MaxBody.String()
		}
	}
	for name, on := range map[string]bool{"maintenance.on": r.Maintenance.On, "compress": r.Compress,
		"affinity": r.Affinity, "sticky_version": r.StickyVersion} {
		if on {
			f.Values[name] = "on"
		}
	}
	return f
}
