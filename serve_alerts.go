package main

import (
	"berth/views/paths"
	"berth/worker"
	"berth/worker/alert"
)

// newAlertSender makes what hands messages to the channels of alerts.
func (p *parts) newAlertSender() *alert.Sender {
	return alert.NewSender(alert.SenderOptions{Mailer: newMailer(p.cfg, p.log), Words: p.word, Networks: p.cfg.NetworksOutbound(),
		Page: func(tenantID string) string { return p.cfg.PortalURL + paths.Alerts(tenantID) }})
}

// alertLoops look at the rules and tell people.
func (p *parts) alertLoops() []worker.Loop {
	l := alert.New(alert.Options{Store: p.store, Metrics: p.measured, Lines: p.lines, Sender: p.newAlertSender(), Notifier: p.loop.Notifier,
		Log: p.log.With("part", "alerts")})
	return []worker.Loop{{Name: "alerts", Run: l.Run}, {Name: "alert delivery", Run: l.RunDelivery}}
}
