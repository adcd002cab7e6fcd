package certificate

import (
	"context"
	"slices"

	"berth/core"
)

// publish makes what the gateways present what is to be presented, and writes no more than the difference.
func (l *Loop) publish(ctx context.Context) error {
	want, err := l.opts.Store.Certificates().Presented(ctx)
	if err != nil {
		return err
	}
	published, err := l.opts.Registry.Certificates(ctx)
	if err != nil {
		return err
	}
	there := map[string]core.PublishedCertificate{}
	for _, p := range published {
		there[p.ID] = p
	}
	for _, c := range want {
		p, ok := there[c.ID]
		delete(there, c.ID)
		if ok && l.same(p, c) {
			continue
		}
		if err := l.put(ctx, c); core.ErrorCode(err) == core.EINVALID || core.ErrorCode(err) == core.ENOTFOUND || core.ErrorCode(err) == core.ETOOLARGE {
			l.opts.Log.Error("a certificate cannot be published", "domain", c.Domain, "error", err)
		} else if err != nil {
			return err
		}
	}
	for id := range there {
		if err := l.opts.Registry.DeleteCertificate(ctx, id); err != nil && core.ErrorCode(err) != core.EINVALID {
			return err
		}
	}
	return nil
}

// same reports whether p is c, and can be opened: the secret key may be another than it was.
func (l *Loop) same(p core.PublishedCertificate, c core.Certificate) bool {
	if p.Chain != c.Chain || !slices.Equal(p.Names, presented(c)) {
		return false
	}
	_, err := l.opts.Sealer.Open(p.ID, p.SealedKey)
	return err == nil
}

// presented are the names that a certificate is presented for: the one that its people have shown to be theirs, and not
// what else an uploaded one says, which may be somebody else's.
func presented(c core.Certificate) []string { return []string{c.Domain} }

func (l *Loop) put(ctx context.Context, c core.Certificate) error {
	key, err := l.opts.Store.Certificates().Key(ctx, c.ID)
	if err != nil {
		return err
	}
	sealed, err := l.opts.Sealer.Seal(c.ID, key)
	clear(key)
	if err != nil {
		return err
	}
	return l.opts.Registry.PutCertificate(ctx, core.PublishedCertificate{ID: c.ID, Names: presented(c), Chain: c.Chain, SealedKey: sealed,
		NotAfter: c.NotAfter})
}

// warn tells people of certificates that end soon. One that lasts only days is told of when a third of it is left.
func (l *Loop) warn(ctx context.Context) error {
	now := l.opts.Now()
	ending, err := l.opts.Store.Certificates().Ending(ctx, now.Add(core.WarnBefore))
	if err != nil {
		return err
	}
	for _, c := range ending {
		if c.Kind == core.CertificateAutomatic && now.Before(c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore)/4)) {
			continue // it is being renewed
		}
		if err := l.warnOf(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) warnOf(ctx context.Context, c core.Certificate) error {
	now := l.opts.Now()
	l.opts.Log.Warn("a certificate ends", "domain", c.Domain, "at", c.NotAfter)
	return l.opts.Store.Transact(ctx, func(tx core.Store) error {
		if err := tx.Certificates().Warned(ctx, c.ID, now); err != nil || c.AppID == "" {
			return err
		}
		e := core.NewEvent(core.App{ID: c.AppID, TenantID: c.TenantID}, core.LevelWarning, "certificate_ending", "domain", c.Domain,
			"date", c.NotAfter.UTC().Format("2006-01-02"))
		e.CreatedAt, e.Cause = now, c.Error
		return tx.Events().Create(ctx, e)
	})
}
