package service

import (
	"context"
	"strings"
	"testing"
	"time"

	"berth/core"
)

// useCase is one use case, tried by people of every role on the same app.
type useCase struct {
	name string
	act  core.Action // what it takes
	try  func(ctx context.Context) error
}

// useCases are those on apps and what belongs to them. Each is tried with input that is of no use, or on things that
// are not there, so that nothing changes: the right is asked for first.
func (w *world) useCases(app core.App, upload, operation string) []useCase {
	id := app.ID
	return []useCase{
		{"App", core.ActView, func(ctx context.Context) error { _, err := w.App(ctx, id); return err }},
		{"Apps", core.ActView, func(ctx context.Context) error {
			_, _, err := w.Apps(ctx, core.AppFilter{TenantID: app.TenantID})
			return err
		}},
		{"Tenant", core.ActView, func(ctx context.Context) error { _, err := w.Tenant(ctx, app.TenantID); return err }},
		{"Instances", core.ActView, func(ctx context.Context) error { _, err := w.Instances(ctx, id); return err }},
		{"Events", core.ActView, func(ctx context.Context) error {
			_, err := w.Events(ctx, core.EventFilter{AppID: id})
			return err
		}},
		{"Events of the tenant", core.ActView, func(ctx context.Context) error {
			_, err := w.Events(ctx, core.EventFilter{TenantID: app.TenantID})
			return err
		}},
		{"Operations", core.ActView, func(ctx context.Context) error { _, err := w.Operations(ctx, id, 1); return err }},
		{"Operation", core.ActView, func(ctx context.Context) error { _, err := w.Operation(ctx, operation); return err }},
		{"MayReadLogs", core.ActLogs, func(ctx context.Context) error { return w.MayReadLogs(ctx, id) }},

		{"Traffic", core.ActInspect, func(ctx context.Context) error { _, err := w.Traffic(ctx, id); return err }},
		{"TrafficOver", core.ActInspect, func(ctx context.Context) error { _, err := w.TrafficOver(ctx, id, core.RangeHour); return err }},
		{"AccessLog", core.ActInspect, func(ctx context.Context) error {
			_, err := w.AccessLog(ctx, id, core.AccessQuery{})
			return err
		}},
		{"MayInspect", core.ActInspect, func(ctx context.Context) error { return w.MayInspect(ctx, id) }},
		{"SwitchCounts", core.ActInspect, func(ctx context.Context) error { _, err := w.SwitchCounts(ctx, id, 1); return err }},
		{"Metrics", core.ActInspect, func(ctx context.Context) error {
			_, err := w.Metrics(ctx, core.MetricQuery{AppID: id, Metrics: []core.Metric{core.MetricCPU}, From: time.Now().Add(-time.Hour), To: time.Now()})
			return err
		}},
		{"Versions", core.ActInspect, func(ctx context.Context) error { _, err := w.Versions(ctx, id); return err }},
		{"Version", core.ActInspect, func(ctx context.Context) error { _, err := w.Version(ctx, id, "1.0"); return err }},
		{"Releases", core.ActInspect, func(ctx context.Context) error { _, err := w.Releases(ctx, id, 0, 10); return err }},
		{"CurrentRelease", core.ActInspect, func(ctx context.Context) error { _, err := w.CurrentRelease(ctx, id); return err }},
		{"UsedBy", core.ActInspect, func(ctx context.Context) error { _, err := w.UsedBy(ctx, id); return err }},
		{"Upload", core.ActInspect, func(ctx context.Context) error { _, err := w.Upload(ctx, upload); return err }},
		{"pull", core.ActInspect, func(ctx context.Context) error { return w.Allow(ctx, id, core.AccessPull) }},

		{"push", core.ActDeploy, func(ctx context.Context) error { return w.Allow(ctx, id, core.AccessPush) }},
		{"Pushed", core.ActDeploy, func(ctx context.Context) error { return w.Pushed(ctx, id, "", core.Artifact{}) }},
		{"CreateApp", core.ActDeploy, func(ctx context.Context) error {
			_, _, err := w.CreateApp(ctx, core.NewApp{TenantID: app.TenantID})
			return err
		}},
		{"RenameApp", core.ActDeploy, func(ctx context.Context) error { return w.RenameApp(ctx, id, "") }},
		{"StopApp", core.ActDeploy, func(ctx context.Context) error { _, err := w.StopApp(ctx, id); return err }},
		{"StartApp", core.ActDeploy, func(ctx context.Context) error { _, err := w.StartApp(ctx, id); return err }},
		{"RestartApp", core.ActDeploy, func(ctx context.Context) error { _, err := w.RestartApp(ctx, id); return err }},
		{"ImportVersion", core.ActDeploy, func(ctx context.Context) error {
			_, err := w.ImportVersion(ctx, id, "-", -1, strings.NewReader(""))
			return err
		}},
		{"FetchVersion", core.ActDeploy, func(ctx context.Context) error {
			_, err := w.FetchVersion(ctx, id, "-", core.ImageSource{})
			return err
		}},
		{"DeleteVersion", core.ActDeploy, func(ctx context.Context) error { return w.DeleteVersion(ctx, id, "none") }},
		{"Release", core.ActDeploy, func(ctx context.Context) error {
			_, _, err := w.Release(ctx, id, core.NewRelease{Version: "none"})
			return err
		}},
		{"Rollback", core.ActDeploy, func(ctx context.Context) error { _, _, err := w.Rollback(ctx, id, 99); return err }},
		{"Scale", core.ActDeploy, func(ctx context.Context) error { _, _, err := w.Scale(ctx, id, -1); return err }},
		{"BeginUpload", core.ActDeploy, func(ctx context.Context) error {
			_, err := w.BeginUpload(ctx, core.Upload{AppID: id, Size: 1 << 60})
			return err
		}},
		{"BeginUpload for the tenant", core.ActDeploy, func(ctx context.Context) error {
			_, err := w.BeginUpload(ctx, core.Upload{TenantID: app.TenantID, Size: 1 << 60})
			return err
		}},
		{"UploadProgress", core.ActDeploy, func(ctx context.Context) error { return w.UploadProgress(ctx, upload, -1) }},
		{"FinishUpload", core.ActDeploy, func(ctx context.Context) error {
			_, err := w.FinishUpload(ctx, upload, strings.NewReader(""))
			return err
		}},
		{"UseUpload", core.ActDeploy, func(ctx context.Context) error { _, err := w.UseUpload(ctx, upload, id, "-"); return err }},

		{"DeleteApp", core.ActDelete, func(ctx context.Context) error { _, err := w.DeleteApp(ctx, id, "not its name", false); return err }},
		{"Connection", core.ActCredentials, func(ctx context.Context) error { _, err := w.Connection(ctx, id); return err }},
		{"Tokens", core.ActManage, func(ctx context.Context) error { _, err := w.Tokens(ctx, app.TenantID); return err }},
		{"CreateToken", core.ActManage, func(ctx context.Context) error {
			_, _, err := w.CreateToken(ctx, core.Token{TenantID: app.TenantID})
			return err
		}},
		{"DeleteToken", core.ActManage, func(ctx context.Context) error { return w.DeleteToken(ctx, app.TenantID, "none") }},

		{"Alerts", core.ActInspect, func(ctx context.Context) error {
			_, _, err := w.Alerts(ctx, core.AlertFilter{TenantID: app.TenantID})
			return err
		}},
		{"AlertRules", core.ActInspect, func(ctx context.Context) error { _, err := w.AlertRules(ctx, app.TenantID); return err }},
		{"AlertSilences", core.ActInspect, func(ctx context.Context) error { _, err := w.AlertSilences(ctx, app.TenantID); return err }},
		{"AlertChannels", core.ActMembers, func(ctx context.Context) error { _, err := w.AlertChannels(ctx, app.TenantID); return err }},
		{"AddAlertRule", core.ActAlert, func(ctx context.Context) error {
			_, err := w.AddAlertRule(ctx, core.AlertRule{TenantID: app.TenantID})
			return err
		}},
		{"ChangeAlertRule", core.ActAlert, func(ctx context.Context) error {
			_, err := w.ChangeAlertRule(ctx, core.AlertRule{TenantID: app.TenantID, ID: "none"})
			return err
		}},
		{"SwitchAlertRule", core.ActAlert, func(ctx context.Context) error { return w.SwitchAlertRule(ctx, app.TenantID, "none", true) }},
		{"DeleteAlertRule", core.ActAlert, func(ctx context.Context) error { return w.DeleteAlertRule(ctx, app.TenantID, "none") }},
		{"SilenceAlerts", core.ActAlert, func(ctx context.Context) error {
			_, err := w.SilenceAlerts(ctx, core.AlertSilence{TenantID: app.TenantID})
			return err
		}},
		{"EndSilence", core.ActAlert, func(ctx context.Context) error { return w.EndSilence(ctx, app.TenantID, "none") }},
		{"AddAlertChannel", core.ActManage, func(ctx context.Context) error {
			_, err := w.AddAlertChannel(ctx, core.AlertChannel{TenantID: app.TenantID}, core.AlertTarget{})
			return err
		}},
		{"ChangeAlertChannel", core.ActManage, func(ctx context.Context) error {
			_, err := w.ChangeAlertChannel(ctx, core.AlertChannel{TenantID: app.TenantID, ID: "none"}, nil)
			return err
		}},
		{"TryAlertChannel", core.ActManage, func(ctx context.Context) error { _, err := w.TryAlertChannel(ctx, app.TenantID, "none"); return err }},
		{"DeleteAlertChannel", core.ActManage, func(ctx context.Context) error { return w.DeleteAlertChannel(ctx, app.TenantID, "none") }},

		{"CreateTenant", core.ActOperate, func(ctx context.Context) error { _, err := w.CreateTenant(ctx, "", ""); return err }},
		{"Hosts", core.ActOperate, func(ctx context.Context) error { _, err := w.Hosts(ctx); return err }},
		{"CollectGarbage", core.ActOperate, func(ctx context.Context) error { _, err := w.CollectGarbage(ctx); return err }},
	}
}

// TestRights tries every use case as everybody: whoever may is not refused for want of a right, whoever may not is
// told so, and for a stranger nothing is there.
func TestRights(t *testing.T) {
	w := newWorld(t)
	dev, app := w.released("acme", "Shop")
	w.member("other", core.RoleAdmin)
	upload, err := w.BeginUpload(dev, core.Upload{AppID: app.ID, FileName: "a.tar", Size: 10})
	w.must(err)
	operations, err := w.Operations(dev, app.ID, 1)
	w.must(err)
	acts := map[core.Role]string{ // written down once more, so that a slip in the table of core shows
		core.RoleSupport:   "view logs",
		core.RoleViewer:    "view logs inspect members",
		core.RoleDeveloper: "view logs inspect members deploy alert delete credentials",
		core.RoleAdmin:     "view logs inspect members deploy alert delete credentials manage audit",
	}
	for role, allowed := range acts {
		ctx := core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, ID: "u", UserID: "u", Support: role == core.RoleSupport,
			Roles: map[string]core.Role{"acme": role}})
		for _, u := range w.useCases(app, upload.ID, operations[0].ID) {
			may := strings.Contains(" "+allowed+" ", " "+string(u.act)+" ")
			if err := u.try(ctx); may == (core.ErrorCode(err) == core.EFORBIDDEN) {
				t.Errorf("%s as %s: %v", u.name, role, err)
			}
		}
	}
	stranger := core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, ID: "s", UserID: "s", Support: true,
		Roles: map[string]core.Role{"other": core.RoleAdmin}})
	for _, u := range w.useCases(app, upload.ID, operations[0].ID) {
		want := core.ENOTFOUND
		if u.act == core.ActOperate {
			want = core.EFORBIDDEN
		}
		if err := u.try(stranger); core.ErrorCode(err) != want {
			t.Errorf("%s as a stranger: %v, want %s", u.name, err, want)
		}
		if err := u.try(t.Context()); core.ErrorCode(err) != core.EUNAUTHORIZED {
			t.Errorf("%s as nobody: %v", u.name, err)
		}
	}
}
