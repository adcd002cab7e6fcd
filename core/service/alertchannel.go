package service

import (
	"context"
	"strconv"

	"berth/core"
)

// AlertChannels returns the channels of a tenant by name, without their secrets. Errors: EUNAUTHORIZED, ENOTFOUND,
// EFORBIDDEN.
func (s *Service) AlertChannels(ctx context.Context, tenantID string) ([]core.AlertChannel, error) {
	if err := s.authorize(ctx, core.ActMembers, tenantID); err != nil {
		return nil, err
	}
	return s.store.Alerts().Channels(ctx, tenantID)
}

// AddAlertChannel adds a channel. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at the fields, ECONFLICT when
// there are too many.
func (s *Service) AddAlertChannel(ctx context.Context, c core.AlertChannel, target core.AlertTarget) (core.AlertChannel, error) {
	c.ID, c.Author, c.CreatedAt = core.NewID(), core.ActorFrom(ctx).Name, s.now()
	note := about(c.TenantID, "channel.add")
	err := s.audited(ctx, note, func(tx core.Store) error {
		channels, err := alertChannelsFor(ctx, tx, c.TenantID)
		if err != nil {
			return err
		}
		if err := s.checkChannel(c, &target, channels); err != nil {
			return err
		}
		if len(channels) >= core.MaxAlertRules {
			return core.Errorf(core.ECONFLICT, "error.alert_channels_many", "max", strconv.Itoa(core.MaxAlertRules))
		}
		c.Shows = target.Shows()
		note.Object, note.After = c.Name, channelValues(c)
		return tx.Alerts().PutChannel(ctx, c, &target)
	})
	return c, s.alertsChanged(c.TenantID, err)
}

// ChangeAlertChannel changes name and language of a channel, and where it leads when target is not nil; its kind stays.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EINVALID at the fields.
func (s *Service) ChangeAlertChannel(ctx context.Context, in core.AlertChannel, target *core.AlertTarget) (c core.AlertChannel, err error) {
	note := about(in.TenantID, "channel.change")
	err = s.audited(ctx, note, func(tx core.Store) error {
		channels, err := alertChannelsFor(ctx, tx, in.TenantID)
		if err != nil {
			return err
		}
		at := channelAt(channels, in.ID)
		if at < 0 {
			return core.NotFound()
		}
		c = channels[at]
		note.Object, note.Before = c.Name, channelValues(c)
		c.Name, c.Language = in.Name, in.Language
		if err := s.checkChannel(c, target, channels); err != nil {
			return err
		}
		if target != nil {
			c.Shows, c.Fault = target.Shows(), core.Text{}
		}
		note.After = channelValues(c)
		if target != nil {
			note.After["target"] = core.Masked
		}
		return tx.Alerts().PutChannel(ctx, c, target)
	})
	return c, s.alertsChanged(in.TenantID, err)
}

// checkChannel reports every fault of a channel, by itself and beside the others.
func (s *Service) checkChannel(c core.AlertChannel, target *core.AlertTarget, channels []core.AlertChannel) error {
	var f core.Faults
	f.Merge("", c.Validate())
	if target != nil {
		f.Merge("", target.Validate(c.Kind, s.alertNetworks))
	}
	if c.Kind == core.ChannelEmail && !s.MailEnabled() {
		f.Add("kind", "error.mail_off")
	}
	for _, o := range channels {
		if o.ID != c.ID && o.Name == c.Name {
			f.Add("name", "error.channel_name_taken")
		}
	}
	return f.Err()
}

// TryAlertChannel sends a message that says that it is a try, and waits for what the receiver says. Errors:
// EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN, EUNREACHABLE.
func (s *Service) TryAlertChannel(ctx context.Context, tenantID, id string) (c core.AlertChannel, err error) {
	note := about(tenantID, "channel.try")
	defer s.attempted(ctx, note, &err)
	channels, err := alertChannelsFor(ctx, s.store, tenantID)
	if err != nil {
		return c, err
	}
	at := channelAt(channels, id)
	if at < 0 {
		return c, core.NotFound()
	}
	c = channels[at]
	note.Object = c.Name
	target, err := s.store.Alerts().Target(ctx, tenantID, id)
	if err != nil {
		return c, err
	}
	failed := s.sender.Try(ctx, c, target)
	if c.Fault = (core.Text{}); failed != nil {
		c.Fault = core.ErrorMessage(failed)
	}
	c.UsedAt = s.now()
	if err := s.store.Alerts().SetChannelFault(ctx, tenantID, id, c.Fault, c.UsedAt); err != nil {
		return c, err
	}
	if failed == nil {
		s.noted(ctx, note)
	}
	return c, failed
}

// DeleteAlertChannel removes a channel, and what it was to be told. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func (s *Service) DeleteAlertChannel(ctx context.Context, tenantID, id string) error {
	note := about(tenantID, "channel.delete")
	err := s.audited(ctx, note, func(tx core.Store) error {
		channels, err := alertChannelsFor(ctx, tx, tenantID)
		if err != nil {
			return err
		}
		if at := channelAt(channels, id); at >= 0 {
			note.Object, note.Before = channels[at].Name, channelValues(channels[at])
		}
		return tx.Alerts().DeleteChannel(ctx, tenantID, id)
	})
	return s.alertsChanged(tenantID, err)
}

// alertChannelsFor returns the channels of a tenant for somebody who may change them.
func alertChannelsFor(ctx context.Context, tx core.Store, tenantID string) ([]core.AlertChannel, error) {
	if _, err := changeableTenant(ctx, tx, tenantID, core.ActManage); err != nil {
		return nil, err
	}
	return tx.Alerts().Channels(ctx, tenantID)
}

func channelValues(c core.AlertChannel) map[string]string {
	return map[string]string{"name": c.Name, "kind": string(c.Kind), "leads": c.Shows}
}
