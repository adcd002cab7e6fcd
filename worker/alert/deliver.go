package alert

import (
	"context"
	"slices"
	"time"

	"berth/core"
)

const (
	firstPause = 10 * time.Second // after a channel did not take something; doubles up to mostPause
	mostPause  = 10 * time.Minute
)

// Deliver tells what is due. What happened together goes to a channel as one message. It does not wait for receivers that
// take longer than the pause until the next delivery, which leaves out what is being told still.
func (l *Loop) Deliver(ctx context.Context) error {
	telling := l.desk.clear() // before what is due is read: what ends later is due no more
	if leads, err := l.leads(ctx, l.Store); err != nil || !leads {
		return err
	}
	due, err := l.due(ctx, telling)
	if err != nil || len(due) == 0 {
		return err
	}
	done := l.desk.hand(due, func(d delivery) {
		if err := l.deliver(ctx, d.channel, d.notices); err != nil && ctx.Err() == nil {
			l.Log.Warn("a channel could not be told", "tenant", d.channel.TenantID, "channel", d.channel.ID, "error", err)
		}
	})
	select {
	case <-done:
	case <-time.After(tellEvery):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// due returns by tenant what is to be told now, but to those channels that are being told something.
func (l *Loop) due(ctx context.Context, telling map[channelKey]bool) (map[string][]delivery, error) {
	notices, err := l.Store.Alerts().Notices(ctx, l.Now())
	if err != nil || len(notices) == 0 {
		return nil, err
	}
	channels, err := l.Store.Alerts().Channels(ctx, "")
	if err != nil {
		return nil, err
	}
	byChannel := map[channelKey][]core.AlertNotice{}
	for _, n := range notices {
		if k := (channelKey{n.TenantID, n.ChannelID}); !telling[k] {
			byChannel[k] = append(byChannel[k], n)
		}
	}
	due := map[string][]delivery{}
	for k, notices := range byChannel {
		at := slices.IndexFunc(channels, func(c core.AlertChannel) bool { return c.TenantID == k.tenantID && c.ID == k.channelID })
		channel := core.AlertChannel{TenantID: k.tenantID, ID: k.channelID}
		if at >= 0 {
			channel = channels[at]
		}
		due[k.tenantID] = append(due[k.tenantID], delivery{channel, notices})
	}
	return due, nil
}

// deliver tells one channel. Only an error of the store is returned; what the receiver says is written at the channel.
func (l *Loop) deliver(ctx context.Context, c core.AlertChannel, notices []core.AlertNotice) error {
	ids := make([]string, len(notices))
	tries := 0
	for i, n := range notices {
		ids[i], tries = n.ID, max(tries, n.Tries)
	}
	failed := l.hand(ctx, c, notices)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if c.ID != core.AdminsChannel && core.ErrorCode(failed) != core.ENOTFOUND {
		if err := l.Store.Alerts().SetChannelFault(ctx, c.TenantID, c.ID, faultText(failed), l.Now()); err != nil {
			return err
		}
	}
	if failed == nil || core.ErrorCode(failed) == core.ENOTFOUND {
		return l.Store.Alerts().RemoveNotices(ctx, ids)
	}
	return l.again(ctx, notices, tries)
}

// again has notices be tried again later. What is too old is given up: the fault stays at the channel.
func (l *Loop) again(ctx context.Context, notices []core.AlertNotice, tries int) error {
	var old, rest []string
	for _, n := range notices {
		if l.Now().Sub(n.CreatedAt) > tellWithin {
			old = append(old, n.ID)
		} else {
			rest = append(rest, n.ID)
		}
	}
	if len(old) > 0 {
		if err := l.Store.Alerts().RemoveNotices(ctx, old); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return l.Store.Alerts().DelayNotices(ctx, rest, l.Now().Add(pause(tries)))
}

func pause(tries int) time.Duration { return min(firstPause<<min(tries, 10), mostPause) }

func faultText(err error) core.Text {
	if err == nil {
		return core.Text{}
	}
	return core.ErrorMessage(err)
}

// hand gives notices to a channel. ENOTFOUND: there is nobody to tell any more.
func (l *Loop) hand(ctx context.Context, c core.AlertChannel, notices []core.AlertNotice) error {
	if c.ID == core.AdminsChannel {
		return l.handAdmins(ctx, c.TenantID, notices)
	}
	target, err := l.Store.Alerts().Target(ctx, c.TenantID, c.ID)
	if err != nil {
		return err
	}
	return l.Sender.send(ctx, c, target, notices)
}

// handAdmins writes to each admin of a tenant in their language.
func (l *Loop) handAdmins(ctx context.Context, tenantID string, notices []core.AlertNotice) error {
	if !l.Sender.o.Mailer.Enabled() {
		return core.NotFound()
	}
	admins, err := l.Store.Members().Admins(ctx, tenantID)
	if err != nil {
		return err
	}
	sent := len(admins) == 0
	for _, id := range admins {
		u, e := l.Store.Users().Get(ctx, id)
		if e == nil {
			e = l.Sender.mail(ctx, []string{u.Email}, l.Sender.message(u.Language, tenantID, notices))
		}
		if e != nil {
			err = e
		}
		sent = sent || e == nil
	}
	if sent {
		return nil
	}
	return err
}
