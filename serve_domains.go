package main

import (
	"time"

	"berth/core"
	"berth/worker/certificate"
	"berth/worker/domain"
	"berth/worker/resolve"
)

// joinDomains makes what verifies domains and sees to their certificates.
func (p *parts) joinDomains(notifier core.Notifier) {
	p.certificates = certificate.New(certificate.Options{Store: p.store, Registry: p.registry, Sealer: p.sealer, Authority: p.authority(),
		BaseDomain: p.cfg.BaseDomain, Publisher: p.discovery, Notifier: notifier, Log: p.log.With("part", "certificates")})
	p.domains = domain.New(domain.Options{Store: p.store, Resolver: resolve.New(p.cfg.DNSServers...), BaseDomain: p.cfg.BaseDomain,
		Publisher: p.discovery, Changed: p.certificates.Wake, Notifier: notifier, Log: p.log.With("part", "domains")})
}

// authority is who certificates are asked from; nil for nobody.
func (p *parts) authority() *certificate.Authority {
	if !p.cfg.ACME() {
		return nil
	}
	roots, err := p.cfg.ACMERoots()
	if err != nil {
		p.log.Error("certificates are not asked for: acme-ca-root cannot be read", "error", err)
		return nil
	}
	authority := &certificate.Authority{Directory: p.cfg.ACMEDirectory, Email: p.cfg.ACMEEmail, Roots: roots, EABKeyID: p.cfg.ACMEEABKeyID,
		EABKey: p.cfg.ACMEEABKey}
	if p.cfg.ACMEDNSServer != "" {
		authority.DNS = &certificate.DNS{Server: p.cfg.ACMEDNSServer, KeyName: p.cfg.ACMEDNSKeyName, Key: p.cfg.ACMEDNSKey,
			Spread: 10 * time.Second}
	}
	return authority
}
