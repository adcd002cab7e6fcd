package service

import (
	"context"

	"berth/core"
)

// People returns a page of everybody who can sign in, by name, and the cursor of the next one.
// Errors: EUNAUTHORIZED, EFORBIDDEN, EINVALID at "cursor".
func (s *Service) People(ctx context.Context, f core.UserFilter) ([]core.Person, string, error) {
	if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
		return nil, "", err
	}
	return s.store.Users().List(ctx, f)
}

// SetPowers makes a person an operator or of the support staff, or neither; nil leaves it.
// Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, ECONFLICT when there would be no operator left.
func (s *Service) SetPowers(ctx context.Context, userID string, operator, support *bool) error {
	note := about("", "person.powers")
	return s.audited(ctx, note, func(tx core.Store) error {
		if err := core.ActorFrom(ctx).Authorize(core.ActOperate, ""); err != nil {
			return err
		}
		user, err := tx.Users().Get(ctx, userID)
		if err != nil {
			return err
		}
		note.Object, note.Before = user.Email, powers(user)
		if operator != nil {
			if user.Operator && !*operator {
				if err := keepsOperator(ctx, tx, userID); err != nil {
					return err
				}
			}
			user.Operator = *operator
		}
		if support != nil {
			user.Support = *support
		}
		note.After = powers(user)
		return tx.Users().Update(ctx, user)
	})
}

func powers(u core.User) map[string]string {
	word := map[bool]string{true: "yes", false: "no"}
	return map[string]string{"operator": word[u.Operator], "support": word[u.Support]}
}

// keepsOperator refuses what would leave Berth without an operator. Errors: ECONFLICT.
func keepsOperator(ctx context.Context, tx core.Store, userID string) error {
	operators, err := tx.Users().Operators(ctx)
	if err == nil && len(operators) == 1 && operators[0] == userID {
		err = core.Errorf(core.ECONFLICT, "error.last_operator")
	}
	return err
}

// PersonEstate returns what goes with a person and what keeps them: anybody for operators, else oneself.
// Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND.
func (s *Service) PersonEstate(ctx context.Context, userID string) (core.PersonEstate, error) {
	if err := mayDelete(ctx, userID); err != nil {
		return core.PersonEstate{}, err
	}
	return s.personEstate(asSystem(ctx), s.store, userID)
}

func (s *Service) personEstate(system context.Context, store core.Store, userID string) (core.PersonEstate, error) {
	user, err := store.Users().Get(system, userID)
	if err != nil {
		return core.PersonEstate{}, err
	}
	user.PasswordHash = ""
	e := core.PersonEstate{User: user}
	memberships, err := store.Members().Of(system, userID)
	if err != nil {
		return e, err
	}
	for _, m := range memberships {
		if err := addTenancy(system, store, &e, m); err != nil {
			return e, err
		}
	}
	if user.Operator {
		operators, err := store.Users().Operators(system)
		if err != nil {
			return e, err
		}
		e.Last = len(operators) == 1
	}
	if e.Sessions, err = store.Sessions().CountOf(system, userID); err != nil {
		return e, err
	}
	own := core.WithActor(system, core.Actor{Kind: core.ActorUser, ID: userID, UserID: userID})
	tokens, err := store.Tokens().Owned(own)
	e.Tokens = len(tokens)
	return e, err
}

// addTenancy notes what becomes of a tenant when a member is no more.
func addTenancy(system context.Context, store core.Store, e *core.PersonEstate, m core.Membership) error {
	tenant, err := store.Tenants().Get(system, m.TenantID)
	if err != nil {
		return err
	}
	e.Tenants = append(e.Tenants, core.Tenancy{Tenant: tenant, Role: m.Role})
	admins, err := store.Members().Admins(system, m.TenantID)
	if err != nil || tenant.Deleting || len(admins) != 1 || admins[0] != m.UserID {
		return err
	}
	estate, err := store.Tenants().Estate(system, m.TenantID)
	if estate.Members > 1 || len(estate.Apps) > 0 {
		e.Held = append(e.Held, tenant)
	} else {
		e.Goes = append(e.Goes, tenant)
	}
	return err
}

// mayDelete allows operators to delete anybody, and people themselves.
func mayDelete(ctx context.Context, userID string) error {
	if a := core.ActorFrom(ctx); a.Kind == core.ActorUser && a.UserID == userID {
		return nil
	}
	return core.ActorFrom(ctx).Authorize(core.ActOperate, "")
}

// DeletePerson takes away a person. typedEmail is theirs, typed by who asks. Their sessions and own tokens end at
// once. Errors: EUNAUTHORIZED, EFORBIDDEN, ENOTFOUND, EINVALID at "email", ECONFLICT for the last operator and for the
// last admin of a tenant with others in it or with apps.
func (s *Service) DeletePerson(ctx context.Context, userID, typedEmail string) error {
	var gone []core.Tenant
	note := about("", "person.delete")
	err := s.audited(ctx, note, func(tx core.Store) error {
		if err := mayDelete(ctx, userID); err != nil {
			return err
		}
		system := asSystem(ctx)
		e, err := s.personEstate(system, tx, userID)
		if err != nil {
			return err
		}
		note.Object = e.User.Email
		switch {
		case core.NormalizeEmail(typedEmail) != e.User.Email:
			return core.Invalid("email", "error.email_typed", "email", e.User.Email)
		case e.Last:
			return core.Errorf(core.ECONFLICT, "error.last_operator")
		case len(e.Held) > 0:
			return core.Errorf(core.ECONFLICT, "error.person_held", "team", e.Held[0].Name)
		}
		gone = e.Goes
		for _, t := range gone {
			if _, _, err := s.beginDeleting(system, tx, t); err != nil {
				return err
			}
		}
		return tx.Users().Delete(system, userID)
	})
	if err != nil {
		return err
	}
	for _, t := range gone {
		s.goOnDeleting(t.ID, nil)
	}
	return nil
}

// DeleteAccount is DeletePerson for oneself. Errors: as there; EFORBIDDEN for a token.
func (s *Service) DeleteAccount(ctx context.Context, typedEmail string) error {
	actor, err := asOneself(ctx)
	if err != nil {
		return err
	}
	return s.DeletePerson(ctx, actor.UserID, typedEmail)
}
