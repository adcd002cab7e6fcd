package views_test

import (
	"time"

	"github.com/a-h/templ"

	"berth/core"
	"berth/views/app"
	"berth/views/domain"
	"berth/views/layout"
	"berth/views/port"
	"berth/views/ui"
)

// domainStates are domains in the states that people see them in, the one that still waits first.
func domainStates() []core.DomainState {
	made := func(d core.Domain, c core.Certificate) core.DomainState {
		d.AppID, d.TenantID, d.Challenge, d.HTTPS = shop.ID, tenant.ID, "7k2m9x4w8t0f3q6r1v5z8n2b", true
		s := core.DomainState{Domain: d, Certificate: c, URL: "https://" + d.Name, HTTPS: true, Automatic: true,
			Records: d.Records("berth.example", []string{"198.51.100.7", "2001:db8::7"})}
		switch {
		case d.Wildcard():
			s.URL = ""
		case c.Chain == "":
			s.URL = "http://" + d.Name
		}
		return s
	}
	serves := func(name string, kind core.CertificateKind) core.Domain {
		return core.Domain{Name: name, Certificate: kind, Verified: true, Leads: core.LeadsHere, CheckedAt: now.Add(-2 * time.Minute)}
	}
	certified := func(issuer string, days int, names ...string) core.Certificate {
		return core.Certificate{Names: names, Chain: "-----BEGIN CERTIFICATE-----", Issuer: issuer, NotBefore: now.AddDate(0, 0, days-90), NotAfter: now.AddDate(0, 0, days)}
	}
	waits := core.Domain{Name: "www.northwind-tea.example", Certificate: core.CertificateAutomatic, CheckedAt: now.Add(-time.Minute),
		Problem: core.T("domain.no_proof", "domain", "www.northwind-tea.example", "type", "CNAME", "name", "www.northwind-tea.example",
			"value", "tea-shop-7k2m9x4w8t0f3q6r1v5z8n2b.berth.example")}
	astray := serves("old.northwind-tea.example", core.CertificateAutomatic)
	astray.Leads, astray.Redirect = core.LeadsElsewhere, "shop.northwind-tea.example"
	astray.Problem = core.T("domain.leads_elsewhere", "domain", astray.Name, "target", "tea-shop.berth.example", "address", "203.0.113.9")
	failing := core.Certificate{Error: core.T("certificate.connection", "domain", "tea.example", "authority", "acme-v02.api.letsencrypt.org",
		"detail", "198.51.100.7: Fetching http://tea.example/.well-known/acme-challenge/x: Timeout during connect (likely firewall problem)"), Tries: 3, NextTry: now.Add(time.Hour)}
	return []core.DomainState{
		made(waits, core.Certificate{}),
		made(core.Domain{Name: "new.northwind-tea.example", Certificate: core.CertificateAutomatic}, core.Certificate{}),
		made(serves("shop.northwind-tea.example", core.CertificateAutomatic), certified("Let's Encrypt R11", 71, "shop.northwind-tea.example")),
		made(serves("tea.example", core.CertificateAutomatic), failing),
		made(serves("*.northwind-tea.example", core.CertificateUploaded), certified("Harbour Trust CA 3", 9, "*.northwind-tea.example", "northwind-tea.example")),
		made(astray, certified("Let's Encrypt R11", 34, "old.northwind-tea.example")),
	}
}

func domainExamples() map[string]templ.Component {
	states := domainStates()
	list := func(f ui.Form, domains ...core.DomainState) templ.Component {
		return domain.ListPage(domain.Page{Page: page(layout.SectionHome, "Domains"), Head: head(shop, app.TabDomains), Form: f,
			List: domain.List{App: shop, Domains: domains, Now: now}})
	}
	detail := func(s core.DomainState, f ui.Form) templ.Component {
		return domain.DetailPage(domain.Detail{Page: page(layout.SectionHome, s.Domain.Name), Head: head(shop, app.TabDomains), Form: f,
			Others: []string{"shop.northwind-tea.example", "tea-shop.berth.example"}, State: domain.State{DomainState: s, Base: "tea-shop.berth.example", Now: now, CanDeploy: true}})
	}
	automatic := ui.NewForm("certificate", "automatic", "https", "on")
	uploaded := ui.NewForm("certificate", "uploaded", "https", "on", "chain", "-----BEGIN CERTIFICATE-----").Fail(&core.Error{Code: core.EINVALID, Fields: []core.FieldError{
		{Field: "chain", Message: core.T("error.certificate_order")}, {Field: "key", Message: core.T("error.key_missing")}}})
	return map[string]templ.Component{
		"domains":         list(ui.NewForm("https", "on"), states...),
		"domains-none":    list(ui.NewForm("https", "on")),
		"domains-bad":     list(ui.NewForm("domain", "tea-shop.berth.example").Fail(core.Invalid("domain", "error.domain_base", "base", "berth.example")), states[2]),
		"domain-waits":    detail(states[0], automatic),
		"domain-serves":   detail(states[2], automatic),
		"domain-failing":  detail(states[3], automatic),
		"domain-uploaded": detail(states[4], uploaded),
		"domain-delete":   domain.DeletePage(domain.Delete{Page: page(layout.SectionHome, "Domains"), App: shop, Domain: states[2].Domain, Form: ui.NewForm()}),
	}
}

func portExamples() map[string]templ.Component {
	show := func(a core.App, m port.Page) templ.Component {
		m.Page, m.Head = page(layout.SectionHome, "Ports"), head(a, app.TabPorts)
		return port.PortsPage(m)
	}
	plain := core.TCPPortView{TCPPort: core.TCPPort{Port: 15432, AppID: cache.ID, Allow: []string{"192.0.2.7", "198.51.100.0/24", "2001:db8:17::/48"}, Deny: []string{"198.51.100.9"}}, Host: "shop-cache.berth.example",
		Counted: true, Counts: core.TCPCounts{Listening: true, Open: 4, Total: 18213, Refused: 96, Failed: 1, BytesIn: 39845888, BytesOut: 958398464}}
	secure := core.TCPPortView{TCPPort: core.TCPPort{Port: 16379, ServerName: "cache.northwind-tea.example", AppID: cache.ID, TLS: core.TCPTerminate}, Host: "cache.northwind-tea.example",
		Counted: true, Counts: core.TCPCounts{NoCertificate: true, Problem: "address already in use"}}
	faulty := port.NewForm("192.0.2.7").Fail(&core.Error{Code: core.EINVALID, Fields: []core.FieldError{
		{Field: "port", Message: core.T("error.tcp_port_taken", "port", "15432")}, {Field: "allow", Message: core.T("error.network_malformed", "network", "nonsense")},
		{Field: "server_name", Message: core.T("error.tcp_name_plain")}}})
	faulty.Values["allow"], faulty.Values["port"], faulty.Values["server_name"] = "nonsense", "15432", "db.example.com"
	return map[string]templ.Component{
		"ports":      show(cache, port.Page{Ports: []core.TCPPortView{plain, secure}, New: port.NewForm("192.0.2.7")}),
		"ports-none": show(shop, port.Page{New: port.NewForm("192.0.2.7")}),
		"ports-bad":  show(cache, port.Page{Ports: []core.TCPPortView{plain}, New: faulty}),
		"ports-off":  show(shop, port.Page{Off: true, New: port.NewForm("192.0.2.7")}),
	}
}
