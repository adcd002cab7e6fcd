package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"berth/core"
	"berth/views/app"
	"berth/views/domain"
	"berth/views/paths"
	"berth/views/ui"
)

func (h *Handlers) domainsPage(c echo.Context) error {
	return h.renderDomains(c, http.StatusOK, ui.NewForm("https", "on"))
}

func (h *Handlers) renderDomains(c echo.Context, status int, f ui.Form) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabDomains)
	if err != nil {
		return err
	}
	list, err := h.domainListOf(c, head.App)
	if err != nil {
		return err
	}
	p.Path = paths.Domains(head.App.ID)
	return render(c, status, domain.ListPage(domain.Page{Page: p, Head: head, List: list, Form: f}))
}

func (h *Handlers) domainListOf(c echo.Context, a core.App) (domain.List, error) {
	domains, err := h.Service.Domains(c.Request().Context(), a.ID)
	return domain.List{App: a, Domains: domains, Now: time.Now()}, err
}

func (h *Handlers) domainList(c echo.Context) error {
	a, err := h.Service.App(c.Request().Context(), c.Param("app"))
	if err != nil {
		return err
	}
	list, err := h.domainListOf(c, a)
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, domain.ListPart(list))
}

func (h *Handlers) addDomain(c echo.Context) error {
	in := core.NewDomain{Name: c.FormValue("domain"), HTTPS: c.FormValue("https") == "on"}
	d, err := h.Service.AddDomain(c.Request().Context(), c.Param("app"), in)
	if err == nil {
		return redirect(c, paths.Domain(d.AppID, d.Name))
	}
	form, ok := failed(ui.NewForm("domain", in.Name, "https", c.FormValue("https")), err)
	if !ok {
		return err
	}
	return h.renderDomains(c, http.StatusUnprocessableEntity, form)
}

func (h *Handlers) domainPage(c echo.Context) error {
	s, err := h.Service.Domain(c.Request().Context(), c.Param("app"), c.Param("domain"))
	if err != nil {
		return err
	}
	return h.renderDomain(c, http.StatusOK, s, domainForm(s.Domain))
}

// domainForm is what a domain says now.
func domainForm(d core.Domain) ui.Form {
	f := ui.NewForm("redirect", d.Redirect, "certificate", string(d.Certificate))
	if d.HTTPS {
		f.Values["https"] = "on"
	}
	return f
}

func (h *Handlers) renderDomain(c echo.Context, status int, s core.DomainState, f ui.Form) error {
	p, head, err := h.appPage(c, c.Param("app"), app.TabDomains)
	if err != nil {
		return err
	}
	p.Path = paths.Domain(head.App.ID, s.Domain.Name)
	others, err := h.redirectTargets(c, s.Domain)
	if err != nil {
		return err
	}
	return render(c, status, domain.DetailPage(domain.Detail{Page: p, Head: head, State: h.domainStateOf(c, s), Others: others, Form: f}))
}

// redirectTargets are where the visitors of a domain may be sent.
func (h *Handlers) redirectTargets(c echo.Context, d core.Domain) ([]string, error) {
	all, err := h.Service.Domains(c.Request().Context(), d.AppID)
	targets := []string{}
	for _, o := range all {
		if o.Domain.Name != d.Name && !o.Domain.Wildcard() && o.Domain.Redirect == "" {
			targets = append(targets, o.Domain.Name)
		}
	}
	return append(targets, d.AppID+"."+h.BaseDomain), err
}

func (h *Handlers) domainStateOf(c echo.Context, s core.DomainState) domain.State {
	return domain.State{DomainState: s, Base: s.Domain.AppID + "." + h.BaseDomain, Now: time.Now(),
		CanDeploy: actor(c.Request().Context()).Can(core.ActDeploy, s.Domain.TenantID)}
}

func (h *Handlers) domainState(c echo.Context) error {
	s, err := h.Service.Domain(c.Request().Context(), c.Param("app"), c.Param("domain"))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, domain.StatePart(h.domainStateOf(c, s)))
}

func (h *Handlers) updateDomain(c echo.Context) error {
	in := core.NewDomain{Redirect: c.FormValue("redirect"), HTTPS: c.FormValue("https") == "on",
		Certificate: core.CertificateKind(c.FormValue("certificate"))}
	ctx, id, name := c.Request().Context(), c.Param("app"), c.Param("domain")
	_, err := h.Service.UpdateDomain(ctx, id, name, in)
	if err == nil {
		return redirect(c, paths.Domain(id, name))
	}
	return h.answerDomainForm(c, ui.NewForm("redirect", in.Redirect, "certificate", string(in.Certificate), "https", c.FormValue("https")), err)
}

// answerDomainForm shows the page of the domain again with what is wrong.
func (h *Handlers) answerDomainForm(c echo.Context, f ui.Form, err error) error {
	form, ok := failed(f, err)
	if !ok {
		return err
	}
	s, err := h.Service.Domain(c.Request().Context(), c.Param("app"), c.Param("domain"))
	if err != nil {
		return err
	}
	for name, value := range domainForm(s.Domain).Values {
		if _, typed := form.Values[name]; !typed && form.Values["certificate"] == "" {
			form.Values[name] = value
		}
	}
	return h.renderDomain(c, http.StatusUnprocessableEntity, s, form)
}

func (h *Handlers) checkDomain(c echo.Context) error {
	id, name := c.Param("app"), c.Param("domain")
	if _, err := h.Service.CheckDomain(c.Request().Context(), id, name); err != nil {
		return err
	}
	return redirect(c, paths.Domain(id, name))
}

// uploadCertificate never shows the key again, also when something is wrong with it.
func (h *Handlers) uploadCertificate(c echo.Context) error {
	id, name := c.Param("app"), c.Param("domain")
	err := h.Service.UploadCertificate(c.Request().Context(), id, name, c.FormValue("chain"), c.FormValue("key"))
	if err == nil {
		return redirect(c, paths.Domain(id, name))
	}
	return h.answerDomainForm(c, ui.NewForm("chain", c.FormValue("chain")), err)
}

func (h *Handlers) deleteDomainPage(c echo.Context) error {
	return h.renderDeleteDomain(c, http.StatusOK, ui.NewForm())
}

func (h *Handlers) renderDeleteDomain(c echo.Context, status int, f ui.Form) error {
	ctx := c.Request().Context()
	p, head, err := h.appPage(c, c.Param("app"), app.TabDomains)
	if err != nil {
		return err
	}
	if err := actor(ctx).Authorize(core.ActDeploy, head.App.TenantID); err != nil {
		return err
	}
	s, err := h.Service.Domain(ctx, head.App.ID, c.Param("domain"))
	if err != nil {
		return err
	}
	p.Path = paths.DeleteDomain(head.App.ID, s.Domain.Name)
	return render(c, status, domain.DeletePage(domain.Delete{Page: p, App: head.App, Domain: s.Domain, Form: f}))
}

func (h *Handlers) deleteDomain(c echo.Context) error {
	id, name := c.Param("app"), c.Param("domain")
	err := h.Service.DeleteDomain(c.Request().Context(), id, name, c.FormValue("name"))
	if err == nil {
		return redirect(c, paths.Domains(id))
	}
	form, ok := failed(ui.NewForm("name", c.FormValue("name")), err)
	if !ok {
		return err
	}
	return h.renderDeleteDomain(c, http.StatusUnprocessableEntity, form)
}
