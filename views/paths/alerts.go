package paths

import "net/url"

// Forms of the page of alerts.
const (
	AddAlertRule    = "/alerts/rules"
	AddAlertChannel = "/alerts/channels"
	SilenceAlerts   = "/alerts/silences"
)

// Alerts of a tenant.
func Alerts(tenant string) string { return inTenant("/alerts", tenant) }

// AlertsBefore is the page with the history before an alert.
func AlertsBefore(tenant, cursor string) string {
	return with("/alerts", "tenant", tenant, "before", cursor)
}

// AlertsTested is the page, saying how the test of a channel ended.
func AlertsTested(tenant, channel string) string {
	return with("/alerts", "tenant", tenant, "tested", channel)
}

// AlertRule changes a rule; the others turn it off or on, and remove it.
func AlertRule(id string) string       { return AddAlertRule + "/" + url.PathEscape(id) }
func SwitchAlertRule(id string) string { return AlertRule(id) + "/switch" }
func DeleteAlertRule(id string) string { return AlertRule(id) + "/delete" }

// AlertChannel changes a channel; the others test it and remove it.
func AlertChannel(id string) string       { return AddAlertChannel + "/" + url.PathEscape(id) }
func TryAlertChannel(id string) string    { return AlertChannel(id) + "/test" }
func DeleteAlertChannel(id string) string { return AlertChannel(id) + "/delete" }

// EndSilence has people be told again.
func EndSilence(id string) string { return SilenceAlerts + "/" + url.PathEscape(id) + "/end" }
