package service

import (
	"context"
	"strings"
	"time"

	"berth/core"
)

// OpenSupport opens a support session of the actor in a tenant, or asks for it where members are asked first.
// Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND for the tenant, EINVALID at "reason" and "lasts", ECONFLICT when the
// actor has one there, or needs none.
func (s *Service) OpenSupport(ctx context.Context, in core.NewSupport) (session core.SupportSession, err error) {
	note := core.AuditEntry{Action: "support.open", TenantID: in.TenantID}
	defer s.attempted(ctx, &note, &err)
	actor, err := supporter(ctx)
	if err != nil {
		return session, err
	}
	now := s.now()
	session = core.SupportSession{ID: core.NewIDAt(now), TenantID: in.TenantID, UserID: actor.UserID, UserName: actor.Name,
		Reason: strings.TrimSpace(in.Reason), Lasts: in.Lasts, CreatedAt: now, State: core.SupportOpen}
	if session.Lasts == 0 {
		session.Lasts = core.DefaultSupport
	}
	if err := session.Validate(); err != nil {
		return core.SupportSession{}, err
	}
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if err := s.mayOpenSupport(ctx, tx, actor, &session); err != nil {
			return err
		}
		if err := tx.Support().Create(ctx, session); err != nil {
			return err
		}
		note.Object = actor.Name
		note.After = map[string]string{"reason": session.Reason, "lasts": session.Lasts.String(), "state": string(session.State)}
		return s.note(ctx, tx, &note)
	})
	if err != nil {
		return core.SupportSession{}, err
	}
	s.notifySupport(session)
	return session, nil
}

// supporter returns the person of the support staff who acts.
func supporter(ctx context.Context) (core.Actor, error) {
	actor := core.ActorFrom(ctx)
	if err := actor.Authorize(core.ActSupport, ""); err != nil {
		return actor, err
	}
	if actor.UserID == "" || actor.Apps != nil {
		return actor, core.Errorf(core.EFORBIDDEN, "error.support_person")
	}
	return actor, nil
}

// mayOpenSupport checks what a session needs beside the right to open one, and whether it has to wait for consent.
func (s *Service) mayOpenSupport(ctx context.Context, tx core.Store, actor core.Actor, session *core.SupportSession) error {
	if core.ValidateSlug("tenant", session.TenantID) != nil {
		return core.NotFound()
	}
	tenant, err := tx.Tenants().Get(asSystem(ctx), session.TenantID)
	if err != nil {
		return err
	}
	if role := actor.Roles[tenant.ID]; role.Valid() {
		return core.Errorf(core.ECONFLICT, "error.support_member", "name", tenant.Name)
	}
	active, err := tx.Support().List(ctx, core.SupportFilter{TenantID: tenant.ID, UserID: actor.UserID, Active: session.CreatedAt, Limit: 1})
	if err != nil || len(active) > 0 {
		return errOr(err, core.Errorf(core.ECONFLICT, "error.support_open", "name", tenant.Name))
	}
	session.ExpiresAt = session.CreatedAt.Add(session.Lasts)
	if tenant.AskConsent {
		session.State, session.ExpiresAt = core.SupportWaiting, session.CreatedAt.Add(core.SupportWaits)
	}
	return nil
}

// DecideSupport agrees to a session that waits for consent, or refuses it.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when it does not wait.
func (s *Service) DecideSupport(ctx context.Context, id string, agree bool) (session core.SupportSession, err error) {
	note := core.AuditEntry{Action: "support.consent"}
	if !agree {
		note.Action = "support.refuse"
	}
	defer s.attempted(ctx, &note, &err)
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if session, err = supportFor(ctx, tx, id, &note); err != nil {
			return err
		}
		actor, now := core.ActorFrom(ctx), s.now()
		if err := actor.Authorize(core.ActManage, session.TenantID); err != nil {
			return err
		}
		if session.UserID == actor.UserID {
			return core.Errorf(core.EFORBIDDEN, "error.support_own")
		}
		if session.StateAt(now) != core.SupportWaiting {
			return core.Errorf(core.ECONFLICT, "error.support_decided")
		}
		session.State, session.DecidedBy, session.DecidedAt = core.SupportRefused, actor.Name, now
		session.EndedBy, session.EndedAt = actor.Name, now
		if agree {
			session.State, session.ExpiresAt = core.SupportOpen, now.Add(session.Lasts)
			session.EndedBy, session.EndedAt = "", time.Time{}
		}
		if err := tx.Support().Update(ctx, session, core.SupportWaiting); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
	if err != nil {
		return core.SupportSession{}, err
	}
	s.notifySupport(session)
	return session, nil
}

// EndSupport ends a session at once: one's own, or as an admin of the tenant that it is about.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, ECONFLICT when it has ended.
func (s *Service) EndSupport(ctx context.Context, id string) (err error) {
	note := core.AuditEntry{Action: "support.end"}
	defer s.attempted(ctx, &note, &err)
	var session core.SupportSession
	err = s.store.Transact(ctx, func(tx core.Store) error {
		if session, err = supportFor(ctx, tx, id, &note); err != nil {
			return err
		}
		actor, now := core.ActorFrom(ctx), s.now()
		if actor.UserID == "" || session.UserID != actor.UserID {
			if err := actor.Authorize(core.ActManage, session.TenantID); err != nil {
				return err
			}
		}
		if s := session.StateAt(now); s != core.SupportOpen && s != core.SupportWaiting {
			return core.Errorf(core.ECONFLICT, "error.support_ended")
		}
		from := session.State
		session.State, session.EndedBy, session.EndedAt = core.SupportEnded, actor.Name, now
		if err := tx.Support().Update(ctx, session, from); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
	if err == nil {
		s.notifySupport(session)
	}
	return err
}

// supportFor returns a session that the actor sees, and says in the note whose it is.
func supportFor(ctx context.Context, store core.Store, id string, note *core.AuditEntry) (core.SupportSession, error) {
	if _, err := signedIn(ctx); err != nil {
		return core.SupportSession{}, err
	}
	session, err := store.Support().Get(ctx, id)
	if err == nil {
		note.TenantID, note.Object = session.TenantID, session.UserName
	}
	return session, err
}

// SupportSessions returns sessions, newest first, at most 100: of a tenant, for its members, or for f.TenantID ""
// one's own. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) SupportSessions(ctx context.Context, f core.SupportFilter) ([]core.SupportSession, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return nil, err
	}
	if f.TenantID != "" {
		if err := s.authorize(ctx, core.ActMembers, f.TenantID); err != nil {
			return nil, err
		}
	} else if f.UserID = actor.UserID; f.UserID == "" {
		return nil, nil // no person, no sessions
	}
	f.Limit = atMost(f.Limit, 100)
	return s.store.Support().List(ctx, f)
}

// ActiveSupport returns the sessions of a tenant that are open or wait for consent: what its pages say above all
// else. Whoever is there for support alone sees the own one only. Errors: EUNAUTHORIZED, ENOTFOUND.
func (s *Service) ActiveSupport(ctx context.Context, tenantID string) ([]core.SupportSession, error) {
	actor := core.ActorFrom(ctx)
	if err := actor.Authorize(core.ActView, tenantID); err != nil {
		return nil, err
	}
	f := core.SupportFilter{TenantID: tenantID, Active: s.now(), Limit: 10}
	if !actor.Can(core.ActMembers, tenantID) {
		f.UserID = actor.UserID
	}
	return s.store.Support().List(ctx, f)
}

// AskConsent says whether support sessions in a tenant begin when a member agrees. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) AskConsent(ctx context.Context, tenantID string, ask bool) (err error) {
	note := core.AuditEntry{Action: "tenant.consent", TenantID: tenantID}
	defer s.attempted(ctx, &note, &err)
	if err := s.authorize(ctx, core.ActManage, tenantID); err != nil {
		return err
	}
	return s.store.Transact(ctx, func(tx core.Store) error {
		tenant, err := tx.Tenants().Get(ctx, tenantID)
		if err != nil || tenant.AskConsent == ask {
			return err
		}
		words := map[bool]string{true: "on", false: "off"}
		note.Before = map[string]string{"consent": words[!ask]}
		note.After = map[string]string{"consent": words[ask]}
		tenant.AskConsent = ask
		if err := tx.Tenants().Update(ctx, tenant); err != nil {
			return err
		}
		return s.note(ctx, tx, &note)
	})
}

// withSupport gives somebody of the support staff the role of one in the tenants where a session of theirs is open.
func (s *Service) withSupport(ctx context.Context, actor *core.Actor) error {
	if !actor.Support || actor.Operator {
		return nil
	}
	ids, err := s.store.Support().OpenTenants(ctx, actor.UserID, s.now())
	for _, id := range ids {
		if _, member := actor.Roles[id]; !member {
			actor.Roles[id] = core.RoleSupport
		}
	}
	return err
}

// endExpired writes down that the time of sessions is over; the clock has ended them already.
func (s *Service) endExpired(ctx context.Context, now time.Time) error {
	expired, err := s.store.Support().Expired(ctx, now)
	if err != nil {
		return err
	}
	for _, session := range expired {
		note := core.AuditEntry{Action: "support.expire", TenantID: session.TenantID, Object: session.UserName}
		from := session.State
		session.State, session.EndedAt = core.SupportEnded, session.ExpiresAt
		e := s.store.Transact(ctx, func(tx core.Store) error {
			if err := tx.Support().Update(ctx, session, from); err != nil {
				return err
			}
			return s.note(ctx, tx, &note)
		})
		if code := core.ErrorCode(e); code != core.ECONFLICT && code != core.ENOTFOUND {
			err = errOr(err, e)
		}
	}
	return err
}

func (s *Service) notifySupport(session core.SupportSession) {
	s.notifier.Notify(core.Change{TenantID: session.TenantID, Kind: "support", ID: session.ID})
}
