package paths

import "net/url"

// Domains lists the domains of an app, and takes a new one.
func Domains(app string) string { return App(app) + "/domains" }

// DomainList is that list alone.
func DomainList(app string) string { return Domains(app) + "/list" }

// Domain is one domain: its state, its records, its settings.
func Domain(app, domain string) string { return Domains(app) + "/" + url.PathEscape(domain) }

// DomainState is the part of that page that changes by itself.
func DomainState(app, domain string) string { return Domain(app, domain) + "/state" }

// CheckDomain looks at the DNS at once.
func CheckDomain(app, domain string) string { return Domain(app, domain) + "/check" }

// DomainCertificate takes a certificate of a customer's own.
func DomainCertificate(app, domain string) string { return Domain(app, domain) + "/certificate" }

// DeleteDomain asks for the name and gives the domain up.
func DeleteDomain(app, domain string) string { return Domain(app, domain) + "/delete" }
