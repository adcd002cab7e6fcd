package service

import (
	"context"

	"berth/core"
)

// RegistrationOpen reports whether people may make an account by themselves.
func (s *Service) RegistrationOpen() bool { return s.registration }

// CheckRegistration fails when what the settings say of registration cannot be done. Errors: EINVALID.
func (s *Service) CheckRegistration(ctx context.Context) error {
	if !s.registration {
		return nil
	}
	err := s.checkPlan(asSystem(ctx), s.store, s.registrationPlan)
	if core.ErrorCode(err) == core.EINVALID {
		err = core.Invalid("registration-plan", "error.registration_plan", "plan", s.registrationPlan)
	}
	return err
}

// Register makes a person and their tenant. peer is the address that connects, as the server sees it.
// Errors: ENOTFOUND when people may not, ETOOMANY after 20 attempts a minute of the address, EINVALID at "name",
// "email", "password", "team"; ECONFLICT at "email".
func (s *Service) Register(ctx context.Context, in core.Registration, peer string) (core.User, error) {
	if !s.registration {
		return core.User{}, core.NotFound()
	}
	if wait := s.failures.begin(s.now(), "register "+peerKey(peer)); wait > 0 {
		e := core.Errorf(core.ETOOMANY, "error.sign_in_limit")
		e.RetryAfter = wait
		return core.User{}, e
	}
	user, err := s.newMember(ctx, in.Name, in.Email, in.Password, core.ValidateName("team", in.Team))
	if err != nil {
		return core.User{}, err
	}
	ctx = core.WithActor(ctx, core.Actor{Kind: core.ActorUser, ID: user.ID, UserID: user.ID, Name: user.Name})
	note := about("", "person.register")
	note.Object = user.Email
	err = s.audited(ctx, note, func(tx core.Store) error {
		system := asSystem(ctx)
		if err := tx.Users().Create(system, user); err != nil {
			return err
		}
		_, err := s.ownTenant(system, tx, in.Team, user.ID, note)
		return err
	})
	user.PasswordHash = ""
	return user, err
}

// FoundTenant makes a tenant for a person who is in none, where people may register.
// Errors: EUNAUTHORIZED, ENOTFOUND when people may not, EFORBIDDEN for a token, EINVALID at "team", ECONFLICT for who
// is in a tenant already.
func (s *Service) FoundTenant(ctx context.Context, name string) (core.Tenant, error) {
	actor, err := asOneself(ctx)
	if err != nil {
		return core.Tenant{}, err
	}
	if !s.registration {
		return core.Tenant{}, core.NotFound()
	}
	var tenant core.Tenant
	note := about("", "tenant.create")
	err = s.audited(ctx, note, func(tx core.Store) error {
		if err := core.ValidateName("team", name); err != nil {
			return err
		}
		in, err := tx.Members().Of(ctx, actor.UserID)
		if err == nil && len(in) > 0 {
			err = core.Errorf(core.ECONFLICT, "error.in_a_team")
		}
		if err != nil {
			return err
		}
		tenant, err = s.ownTenant(asSystem(ctx), tx, name, actor.UserID, note)
		note.Object = tenant.ID
		return err
	})
	return tenant, err
}

// ownTenant makes a tenant of the plan that registration gives, and a person its admin.
func (s *Service) ownTenant(system context.Context, tx core.Store, name, userID string, note *core.AuditEntry) (core.Tenant, error) {
	tenant, err := s.newTenant(system, tx, name, s.registrationPlan)
	if err != nil {
		return tenant, err
	}
	note.After = map[string]string{"tenant": tenant.ID, "plan": tenant.Plan}
	return tenant, tx.Members().Put(system, core.Membership{TenantID: tenant.ID, UserID: userID, Role: core.RoleAdmin, CreatedAt: s.now()})
}
