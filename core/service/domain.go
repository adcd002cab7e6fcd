package service

import (
	"cmp"
	"context"
	"time"

	"berth/core"
)

// DomainChecker asks the DNS. worker/domain implements it.
type DomainChecker interface {
	// Check looks at one domain at once and writes its status. Errors: ENOTFOUND, EUNAVAILABLE.
	Check(ctx context.Context, appID, name string) error
	// Wake has what is due looked at soon.
	Wake()
	// Addresses returns those of the gateways, as far as the DNS knows them.
	Addresses(ctx context.Context) []string
}

// AddDomain has an app claim a name. It serves once its record is found. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN,
// EINVALID at "domain", "redirect", "certificate"; ECONFLICT at "domain" when it is taken, and for a service or an app
// that is being deleted, or at the resource when the quota does not suffice.
func (s *Service) AddDomain(ctx context.Context, appID string, in core.NewDomain) (_ core.Domain, err error) {
	note := core.AuditEntry{Action: "domain.add", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	app, err := changeable(ctx, s.store, appID)
	if err != nil {
		return core.Domain{}, err
	}
	d, err := s.domainOf(ctx, app, in)
	if err != nil {
		return core.Domain{}, err
	}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if app, err = changeable(ctx, tx, appID); err != nil {
			return err
		}
		if err := s.redirectable(ctx, tx, d); err != nil {
			return err
		}
		if err := tx.Domains().Create(ctx, d); err != nil {
			return err
		}
		if d.Certificate == core.CertificateAutomatic {
			if err := s.certificateOf(ctx, tx, d); err != nil {
				return err
			}
		}
		note.TenantID, note.Object, note.After = app.TenantID, d.Name, domainValues(d)
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		if err := s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "domain_added", "domain", d.Name)); err != nil {
			return err
		}
		return s.charge(ctx, tx, appID)
	})
	if err != nil {
		return core.Domain{}, err
	}
	s.domainChanged(app)
	return d, nil
}

// domainOf returns the domain that in describes. Errors: EINVALID with every fault of it, ECONFLICT for a service.
func (s *Service) domainOf(ctx context.Context, app core.App, in core.NewDomain) (core.Domain, error) {
	if app.IsService() {
		return core.Domain{}, core.Errorf(core.ECONFLICT, "error.domain_service", "name", app.Name)
	}
	now := s.now()
	d := core.Domain{AppID: app.ID, TenantID: app.TenantID, HTTPS: in.HTTPS, Certificate: in.Certificate, Challenge: core.NewChallenge(),
		CreatedAt: now, NextCheck: now, Author: core.ActorFrom(ctx).Name}
	var f core.Faults
	var err error
	d.Name, err = normalDomain("domain", in.Name)
	f.Merge("", err)
	if in.Redirect != "" {
		d.Redirect, err = normalDomain("redirect", in.Redirect)
		f.Merge("", err)
	}
	if err := f.Err(); err != nil {
		return d, err
	}
	if d.Certificate == "" {
		d.Certificate = core.CertificateAutomatic
		if d.Wildcard() {
			d.Certificate = core.CertificateNone
		}
	}
	f.Merge("", d.Validate())
	f.Merge("", s.notOurs(d))
	return d, f.Err()
}

// redirectable checks that a domain sends its visitors to another of its app, or to the app's default address.
// Errors: EINVALID at "redirect".
func (s *Service) redirectable(ctx context.Context, tx core.Store, d core.Domain) error {
	if d.Redirect == "" || d.Redirect == d.AppID+"."+s.baseDomain {
		return nil
	}
	to, err := tx.Domains().Get(ctx, d.AppID, d.Redirect)
	switch {
	case core.ErrorCode(err) == core.ENOTFOUND:
		return core.Invalid("redirect", "error.redirect_unknown", "domain", d.Redirect)
	case err == nil && to.Redirect != "":
		return core.Invalid("redirect", "error.redirect_chain", "domain", d.Redirect)
	}
	return err
}

// redirecting returns a domain that sends its visitors to d; "" for none.
func redirecting(ctx context.Context, tx core.Store, d core.Domain) (string, error) {
	all, err := tx.Domains().List(ctx, d.AppID)
	for _, other := range all {
		if other.Redirect == d.Name {
			return other.Name, err
		}
	}
	return "", err
}

// certificateOf begins or ends asking for a certificate, as the kind of d says. What was uploaded is presented until an
// automatic one has been issued, and may be returned to until then. Errors: EINVALID at "certificate".
func (s *Service) certificateOf(ctx context.Context, tx core.Store, d core.Domain) error {
	switch d.Certificate {
	case core.CertificateAutomatic:
		now := s.now()
		err := tx.Certificates().Ask(ctx, d.AppID, d.Name, now)
		if core.ErrorCode(err) != core.ENOTFOUND {
			return err
		}
		return tx.Certificates().Put(ctx, core.Certificate{ID: core.NewID(), AppID: d.AppID, Domain: d.Name, Kind: d.Certificate,
			CreatedAt: now, NextTry: now})
	case core.CertificateUploaded:
		c, err := tx.Certificates().Get(ctx, d.AppID, d.Name)
		if core.ErrorCode(err) == core.ENOTFOUND || err == nil && (c.Kind != core.CertificateUploaded || c.Chain == "") {
			return core.Invalid("certificate", "error.certificate_upload_first")
		} else if err != nil {
			return err
		}
		return tx.Certificates().Ask(ctx, d.AppID, d.Name, time.Time{})
	}
	return tx.Certificates().Delete(ctx, d.AppID, d.Name)
}

// domainValues is what the audit says of a domain.
func domainValues(d core.Domain) map[string]string {
	v := map[string]string{"domain": d.Name, "certificate": string(d.Certificate), "https_only": onOff(d.HTTPS)}
	if d.Redirect != "" {
		v["redirect"] = d.Redirect
	}
	return v
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// UpdateDomain writes Redirect, HTTPS and Certificate of a domain. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "redirect", "certificate"; ECONFLICT when the app
// is being deleted.
func (s *Service) UpdateDomain(ctx context.Context, appID, name string, in core.NewDomain) (d core.Domain, err error) {
	note := core.AuditEntry{Action: "domain.update", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	redirect := ""
	if in.Redirect != "" {
		if redirect, err = normalDomain("redirect", in.Redirect); err != nil {
			return d, err
		}
	}
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if app, d, err = s.domainFor(ctx, tx, appID, name); err != nil {
			return err
		}
		before := d
		d.Redirect, d.HTTPS, d.Certificate = redirect, in.HTTPS, cmp.Or(in.Certificate, d.Certificate)
		if err := s.changeDomain(ctx, tx, before, d); err != nil {
			return err
		}
		note.TenantID, note.Object, note.Before, note.After = app.TenantID, d.Name, domainValues(before), domainValues(d)
		return s.note(ctx, tx, &note)
	})
	if err == nil {
		s.domainChanged(app)
	}
	return d, err
}

func (s *Service) changeDomain(ctx context.Context, tx core.Store, before, d core.Domain) error {
	if err := d.Validate(); err != nil {
		return err
	}
	if err := s.redirectable(ctx, tx, d); err != nil {
		return err
	}
	if d.Redirect != "" && before.Redirect == "" {
		if by, err := redirecting(ctx, tx, d); err != nil || by != "" {
			return errOr(err, core.Invalid("redirect", "error.redirect_chain", "domain", by))
		}
	}
	if err := tx.Domains().UpdateSpec(ctx, d); err != nil || before.Certificate == d.Certificate {
		return err
	}
	return s.certificateOf(ctx, tx, d)
}

// DeleteDomain has an app give up a name, with its certificate. typedName is the name, typed by the person.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "name", ECONFLICT when another sends its visitors there.
func (s *Service) DeleteDomain(ctx context.Context, appID, name, typedName string) (err error) {
	note := core.AuditEntry{Action: "domain.delete", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) error {
		var d core.Domain
		if app, d, err = s.domainFor(ctx, tx, appID, name); err != nil {
			return err
		}
		if typed, err := normalDomain("name", typedName); err != nil || typed != d.Name {
			return core.Invalid("name", "error.name_typed", "name", d.Name)
		}
		if by, err := redirecting(ctx, tx, d); err != nil || by != "" {
			return errOr(err, core.Errorf(core.ECONFLICT, "error.domain_redirected", "domain", by))
		}
		if err := tx.Domains().Delete(ctx, appID, d.Name); err != nil {
			return err
		}
		note.TenantID, note.Object, note.Before = app.TenantID, d.Name, domainValues(d)
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		if err := s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "domain_deleted", "domain", d.Name)); err != nil {
			return err
		}
		return s.charge(ctx, tx, appID)
	})
	if err == nil {
		s.domainChanged(app)
	}
	return err
}

// domainFor returns a domain that the actor may change, and its app.
func (s *Service) domainFor(ctx context.Context, tx core.Store, appID, name string) (core.App, core.Domain, error) {
	app, err := changeable(ctx, tx, appID)
	if err != nil {
		return app, core.Domain{}, err
	}
	d, err := getDomain(ctx, tx, appID, name)
	return app, d, err
}

// getDomain takes a name from an address, which may be anything.
func getDomain(ctx context.Context, tx core.Store, appID, name string) (core.Domain, error) {
	name, err := normalDomain("domain", name)
	if err != nil {
		return core.Domain{}, core.NotFound()
	}
	return tx.Domains().Get(ctx, appID, name)
}

// domainChanged has the gateways told, the DNS asked, and the pages shown.
func (s *Service) domainChanged(app core.App) {
	if s.checker != nil {
		s.checker.Wake()
	}
	s.published(app, "domain")
}
