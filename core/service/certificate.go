package service

import (
	"context"
	"sync"
	"time"

	"berth/core"
)

// UploadCertificate has a domain present a certificate of its people's own from now on. The key is not shown again.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at "chain" and "key", ECONFLICT when the app is being deleted.
func (s *Service) UploadCertificate(ctx context.Context, appID, name, chain, key string) (err error) {
	note := core.AuditEntry{Action: "domain.certificate", AppID: appID}
	defer s.attempted(ctx, &note, &err)
	var app core.App
	err = s.store.Transact(ctx, func(tx core.Store) error {
		var d core.Domain
		if app, d, err = s.domainFor(ctx, tx, appID, name); err != nil {
			return err
		}
		c, err := s.readCertificate(chain, key, d.Name)
		if err != nil {
			return err
		}
		c.ID, c.AppID = core.NewID(), appID
		d.Certificate = core.CertificateUploaded
		if err := tx.Domains().UpdateSpec(ctx, d); err != nil {
			return err
		}
		if err := tx.Certificates().Put(ctx, c); err != nil {
			return err
		}
		note.TenantID, note.Object, note.After = app.TenantID, d.Name, certificateValues(c)
		if err := s.note(ctx, tx, &note); err != nil {
			return err
		}
		return s.record(ctx, tx, core.NewEvent(app, core.LevelInfo, "certificate_uploaded", "domain", d.Name))
	})
	if err == nil {
		s.domainChanged(app)
	}
	return err
}

func (s *Service) readCertificate(chain, key, domain string) (core.Certificate, error) {
	now := s.now()
	c, err := core.ReadCertificate(chain, key, domain, now)
	c.Domain, c.Kind, c.CreatedAt, c.UpdatedAt = domain, core.CertificateUploaded, now, now
	return c, err
}

// certificateValues is what the audit says of a certificate: nothing of its key.
func certificateValues(c core.Certificate) map[string]string {
	return map[string]string{"issuer": c.Issuer, "ends": c.NotAfter.UTC().Format(time.DateOnly)}
}

// UploadBaseCertificate has every app under the base domain answer by HTTPS with a certificate for "*." and the base
// domain. Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID at "chain" and "key".
func (s *Service) UploadBaseCertificate(ctx context.Context, chain, key string) error {
	note := &core.AuditEntry{Action: "gateway.certificate"}
	err := s.audited(ctx, note, func(tx core.Store) error {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		c, err := s.readCertificate(chain, key, "*."+s.baseDomain)
		if err != nil {
			return err
		}
		c.ID, note.After = core.BaseCertificateID, certificateValues(c)
		return tx.Certificates().Put(ctx, c)
	})
	s.baseChanged(err)
	return err
}

// BaseCertificate returns the certificate for all apps under the base domain, without its key. Errors: EUNAUTHORIZED,
// EFORBIDDEN, ENOTFOUND when there is none.
func (s *Service) BaseCertificate(ctx context.Context) (core.Certificate, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return core.Certificate{}, err
	}
	return s.store.Certificates().Get(ctx, "", "")
}

// DeleteBaseCertificate has apps under the base domain answer by HTTP alone. Errors: EUNAUTHORIZED, EFORBIDDEN,
// ENOTFOUND when there is none.
func (s *Service) DeleteBaseCertificate(ctx context.Context) error {
	err := s.audited(ctx, &core.AuditEntry{Action: "gateway.certificate_delete"}, func(tx core.Store) error {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		if _, err := tx.Certificates().Get(ctx, "", ""); err != nil {
			return err
		}
		return tx.Certificates().Delete(ctx, "", "")
	})
	s.baseChanged(err)
	return err
}

func (s *Service) baseChanged(err error) {
	if err == nil {
		s.base.forget()
		if s.checker != nil {
			s.checker.Wake()
		}
	}
}

// baseKnown remembers for a while whether apps answer by HTTPS under the base domain: every link on a page asks.
type baseKnown struct {
	mu    sync.Mutex
	ready bool
	until time.Time
}

const baseKnownFor = 10 * time.Second

func (b *baseKnown) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until = time.Time{}
}

// baseSecure reports whether the gateways present a certificate for the base domain. While the database does not
// answer, what was known stands.
func (s *Service) baseSecure() bool {
	if s.https == nil {
		return false
	}
	s.base.mu.Lock()
	defer s.base.mu.Unlock()
	now := s.now()
	if left := s.base.until.Sub(now); left > 0 && left <= baseKnownFor {
		return s.base.ready
	}
	c, err := s.store.Certificates().Get(asSystem(context.Background()), "", "")
	if err == nil || core.ErrorCode(err) == core.ENOTFOUND {
		s.base.ready = err == nil && c.Ready(now)
	}
	s.base.until = now.Add(baseKnownFor)
	return s.base.ready
}
