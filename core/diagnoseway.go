package core

import (
	"strings"
	"time"
)

// name looks at where the names of an app lead.
func (d *diagnoser) name() DiagnosisStep {
	if d.App.IsService() {
		return step(DiagnoseName, StateSkipped, T("diagnosis.name.service", "name", d.App.ID))
	}
	worst := step(DiagnoseName, StateSkipped, T("diagnosis.name.unknown", "domain", d.App.ID))
	var good []Text
	for _, n := range d.Domains {
		s := nameStep(n)
		if s.State == StateGood {
			good = append(good, s.Text)
		}
		worst = worse(worst, s)
	}
	if worst.State == StateGood && len(good) > 1 {
		worst.Text, worst.Details = T("diagnosis.name.all", "count", itoa(len(good))), good
	}
	return worst
}

func nameStep(n DomainFacts) DiagnosisStep {
	named := func(state StepState, key string) DiagnosisStep {
		return step(DiagnoseName, state, T(key, "domain", n.Name))
	}
	switch {
	case !n.Own && n.Leads == LeadsNowhere:
		s := named(StateBad, "diagnosis.name.base_nowhere")
		s.Next = T("diagnosis.name.base_nowhere_next", "domain", n.Name)
		return s
	case !n.Own && n.Leads == LeadsElsewhere:
		s := named(StateWarning, "diagnosis.name.base_elsewhere")
		s.Next = T("diagnosis.name.base_elsewhere_next")
		return s
	case n.Own && !n.Verified:
		s := named(StateBad, "diagnosis.name.unverified").to(T("diagnosis.name.unverified_next"), MendDomain, n.Name)
		s.Details = details(n.Problem)
		return s
	case n.Own && !n.LostAt.IsZero():
		s := named(StateWarning, "diagnosis.name.lost").to(T("diagnosis.name.unverified_next"), MendDomain, n.Name)
		s.Details = details(n.Problem)
		return s
	case n.Leads == LeadsNowhere:
		return named(StateBad, "diagnosis.name.nowhere").to(T("diagnosis.name.nowhere_next"), MendDomain, n.Name)
	case n.Leads == LeadsElsewhere:
		return named(StateWarning, "diagnosis.name.elsewhere").to(T("diagnosis.name.elsewhere_next"), MendDomain, n.Name)
	case n.Leads == LeadsUnknown:
		return named(StateUnknown, "diagnosis.name.unknown")
	}
	return named(StateGood, "diagnosis.name.good")
}

func details(t Text) []Text {
	if t.IsZero() {
		return nil
	}
	return []Text{t}
}

// gravity orders states: of several things of one kind the gravest is shown.
var gravity = map[StepState]int{StateSkipped: 1, StateGood: 2, StateUnknown: 3, StateWarning: 4, StateBad: 5}

// worse returns the graver of two; of equals the first.
func worse(a, b DiagnosisStep) DiagnosisStep {
	if gravity[b.State] > gravity[a.State] {
		return b
	}
	return a
}

// certificate looks at what the names are answered with by HTTPS.
func (d *diagnoser) certificate() DiagnosisStep {
	switch {
	case d.App.IsService():
		return step(DiagnoseCertificate, StateSkipped, T("diagnosis.certificate.service"))
	case !d.Secure:
		return step(DiagnoseCertificate, StateSkipped, T("diagnosis.certificate.off"))
	}
	worst := step(DiagnoseCertificate, StateSkipped, T("diagnosis.certificate.none"))
	for _, n := range d.Domains {
		worst = worse(worst, d.certificateOf(n))
	}
	return worst
}

func (d *diagnoser) certificateOf(n DomainFacts) DiagnosisStep {
	c := n.Certificate
	said := func(state StepState, key string) DiagnosisStep {
		return step(DiagnoseCertificate, state, T(key, "domain", n.Name, "until", c.NotAfter.UTC().Format(time.DateOnly)))
	}
	failing := StateWarning
	if n.HTTPS {
		failing = StateBad
	}
	switch {
	case n.Kind == CertificateNone || n.Kind == "":
		return step(DiagnoseCertificate, StateSkipped, T("diagnosis.certificate.none"))
	case c.Chain != "" && !c.Ready(d.Now):
		return said(StateBad, "diagnosis.certificate.expired").to(T("diagnosis.certificate.expired_next"), MendDomain, n.Name)
	case c.Chain == "" && !c.Error.IsZero():
		s := said(failing, "diagnosis.certificate.failed").to(T("diagnosis.certificate.failed_next"), MendDomain, n.Name)
		s.Details = details(c.Error)
		return s
	case c.Chain == "":
		return said(StateWarning, "diagnosis.certificate.pending").to(T("diagnosis.certificate.pending_next"), MendDomain, n.Name)
	case !c.Error.IsZero() && d.Now.Add(WarnBefore).After(c.NotAfter):
		s := said(StateWarning, "diagnosis.certificate.ending").to(T("diagnosis.certificate.failed_next"), MendDomain, n.Name)
		s.Details = details(c.Error)
		return s
	}
	return said(StateGood, "diagnosis.certificate.good")
}

// staleAfter is how old what a gateway serves may be before it is worth a word.
const staleAfter = 30 * time.Second

func (d *diagnoser) gateway() DiagnosisStep {
	g := d.Gateway
	switch {
	case d.App.IsService():
		return step(DiagnoseGateway, StateSkipped, T("diagnosis.gateway.service"))
	case !g.Known:
		return step(DiagnoseGateway, StateUnknown, T("diagnosis.gateway.unknown"))
	case !g.Answers:
		return step(DiagnoseGateway, StateBad, T("diagnosis.gateway.away", "address", g.Address)).to(T("diagnosis.gateway.away_next"), MendHosts)
	case len(g.Missing) > 0 && d.App.Release > 0:
		return step(DiagnoseGateway, StateBad, T("diagnosis.gateway.no_route", "domain", strings.Join(g.Missing, ", "))).
			to(T("diagnosis.gateway.no_route_next"), MendDomains)
	case g.Counted && g.Instances == 0 && d.ready > 0:
		return step(DiagnoseGateway, StateBad, T("diagnosis.gateway.untold", "ready", itoa(d.ready))).to(T("diagnosis.gateway.untold_next"), MendHosts)
	case g.Age > staleAfter:
		return step(DiagnoseGateway, StateWarning, T("diagnosis.gateway.stale", "minutes", itoa(int((g.Age+time.Minute-1)/time.Minute)))).
			to(T("diagnosis.gateway.stale_next"), MendHosts)
	case len(g.Away) > 0:
		return step(DiagnoseGateway, StateWarning, T("diagnosis.gateway.some_away", "gateways", strings.Join(g.Away, ", "))).
			to(T("diagnosis.gateway.away_next"), MendHosts)
	}
	return step(DiagnoseGateway, StateGood, T("diagnosis.gateway.good", "address", g.Address))
}

// route looks at what the app's own rules do with visitors.
func (d *diagnoser) route() DiagnosisStep {
	if d.App.IsService() {
		return step(DiagnoseRoute, StateSkipped, T("diagnosis.gateway.service"))
	}
	r := d.Serving.Spec.Rules
	var found []Text
	if len(r.Auth) > 0 {
		found = append(found, T("diagnosis.route.password"))
	}
	if n := len(r.Allow); n > 0 {
		found = append(found, T("diagnosis.route.allow", "count", itoa(n)))
	}
	if n := len(r.Deny); n > 0 {
		found = append(found, T("diagnosis.route.deny", "count", itoa(n)))
	}
	next := T("diagnosis.route.next")
	switch {
	case r.Maintenance.On:
		s := step(DiagnoseRoute, StateBad, T("diagnosis.route.maintenance")).to(T("diagnosis.route.maintenance_next"), MendRules)
		s.Details = found
		return s
	case len(found) > 0:
		s := step(DiagnoseRoute, StateWarning, found[0]).to(next, MendRules)
		s.Details = found[1:]
		return s
	}
	return step(DiagnoseRoute, StateGood, T("diagnosis.route.good"))
}
