// Package domain has the pages of an app's domains of its own: the list, and one of them with its records,
// certificate and settings.
package domain

import (
	"time"

	"berth/core"
	"berth/views/app"
	"berth/views/layout"
	"berth/views/ui"
)

// List is the domains of an app; it lives.
type List struct {
	App     core.App
	Domains []core.DomainState
	Now     time.Time
}

// Page is the list in its frame.
type Page struct {
	Page layout.Page
	Head app.Head
	List List
	Form ui.Form // of a new one
}

// State is what changes of a domain by itself.
type State struct {
	core.DomainState
	Base      string // the default address of its app
	Now       time.Time
	CanDeploy bool
}

// Detail is one domain in its frame.
type Detail struct {
	Page   layout.Page
	Head   app.Head
	State  State
	Others []string // where its visitors may be sent
	Form   ui.Form
}

// Delete asks for the name.
type Delete struct {
	Page   layout.Page
	App    core.App
	Domain core.Domain
	Form   ui.Form
}

// dns is how it stands with the records of a domain, and the key of the words for it.
func dns(s core.DomainState) (ui.Look, string) {
	d := s.Domain
	switch {
	case d.Verified && !d.LostAt.IsZero():
		return ui.Look{Icon: "warn", Kind: "warn"}, "domain.state.lost"
	case d.Verified && (d.Leads == core.LeadsNowhere || d.Leads == core.LeadsElsewhere):
		return ui.Look{Icon: "half", Kind: "warn"}, "domain.state.astray"
	case d.Verified:
		return ui.Look{Icon: "ok", Kind: "ok"}, "domain.state.serves"
	case d.CheckedAt.IsZero():
		return ui.Look{Icon: "busy", Kind: "busy"}, "domain.state.new"
	}
	return ui.Look{Icon: "todo"}, "domain.state.unverified"
}

// certificate is how it stands with the certificate, and the key of the words for it.
func certificate(s core.DomainState, now time.Time) (ui.Look, string) {
	c := s.Certificate
	switch {
	case c.Chain != "" && !now.Before(c.NotAfter):
		return ui.Look{Icon: "bad", Kind: "bad"}, "domain.cert.expired"
	case c.Chain != "" && c.NotAfter.Sub(now) < core.WarnBefore && c.NotAfter.Sub(c.NotBefore) > 2*core.WarnBefore:
		return ui.Look{Icon: "warn", Kind: "warn"}, "domain.cert.ending"
	case c.Chain != "" && c.Kind == core.CertificateUploaded && s.Domain.Certificate == core.CertificateAutomatic:
		return ui.Look{Icon: "busy", Kind: "busy"}, "domain.cert.replaced"
	case c.Chain != "":
		return ui.Look{Icon: "ok", Kind: "ok"}, "domain.cert.valid"
	case s.Domain.Certificate != core.CertificateAutomatic:
		return ui.Look{Icon: "off"}, "domain.cert.none"
	case !s.Automatic:
		return ui.Look{Icon: "off"}, "domain.cert.off"
	case !c.Error.IsZero():
		return ui.Look{Icon: "bad", Kind: "bad"}, "domain.cert.failed"
	case !s.Domain.Verified:
		return ui.Look{Icon: "todo"}, "domain.cert.waits"
	}
	return ui.Look{Icon: "busy", Kind: "busy"}, "domain.cert.asked"
}

// records are those that are still to be set: of each kind that does the same, for a person to choose from.
func (s State) records(purpose core.RecordPurpose) []core.DNSRecord {
	var records []core.DNSRecord
	for _, r := range s.Records {
		if r.Purpose == purpose {
			records = append(records, r)
		}
	}
	return records
}

// verifies reports whether a record that shows whose the domain is has to be set.
func (s State) verifies() bool { return !s.Domain.Verified || !s.Domain.LostAt.IsZero() }

// byTXT reports whether somebody has begun with the records apart.
func (s State) byTXT() bool {
	return s.Domain.Problem.Key == "domain.no_proof_cname" || s.Domain.Problem.Key == "domain.wrong_txt"
}

// leads reports whether a record that leads here has to be set.
func (s State) leads() bool { return s.Domain.Leads != core.LeadsHere }

// Kinds are where a certificate may come from, in the order in which they are offered.
func (s State) kinds() []core.CertificateKind {
	var kinds []core.CertificateKind
	if !s.Domain.Wildcard() {
		kinds = append(kinds, core.CertificateAutomatic)
	}
	if s.Domain.Certificate == core.CertificateUploaded || s.Certificate.Kind == core.CertificateUploaded {
		kinds = append(kinds, core.CertificateUploaded)
	}
	return append(kinds, core.CertificateNone)
}
