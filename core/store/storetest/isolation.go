package storetest

import (
	"context"
	"maps"
	"time"

	"berth/core"
)

type act = func(ctx context.Context) error

// gets are the ways to one row of each noun, all by the same id.
func (w *world) gets(id string) map[string]act {
	return map[string]act{
		"tenant":      func(ctx context.Context) error { _, err := w.Tenants().Get(ctx, id); return err },
		"app":         func(ctx context.Context) error { _, err := w.Apps().Get(ctx, id); return err },
		"version":     func(ctx context.Context) error { _, err := w.Versions().Get(ctx, id); return err },
		"label":       func(ctx context.Context) error { _, err := w.Versions().ByLabel(ctx, w.app.ID, id); return err },
		"label of":    func(ctx context.Context) error { _, err := w.Versions().ByLabel(ctx, id, "1.0"); return err },
		"release":     func(ctx context.Context) error { _, err := w.Releases().Get(ctx, id, 1); return err },
		"instance":    func(ctx context.Context) error { _, err := w.Instances().Get(ctx, id); return err },
		"operation":   func(ctx context.Context) error { _, err := w.Operations().Get(ctx, id); return err },
		"upload":      func(ctx context.Context) error { _, err := w.Uploads().Get(ctx, id); return err },
		"credentials": func(ctx context.Context) error { _, err := w.Credentials().Get(ctx, id); return err },
		"scaling":     func(ctx context.Context) error { _, err := w.Scalings().Get(ctx, id); return err },
		"switch":      func(ctx context.Context) error { _, err := w.SwitchCounts().Get(ctx, id, 1); return err },
		"delete app":  func(ctx context.Context) error { return w.Apps().Delete(ctx, id) },
		"revoke":      func(ctx context.Context) error { return w.Tokens().Delete(ctx, w.tenant.ID, id) },
	}
}

// estate is one row of each noun of a tenant.
type estate struct {
	version   core.Version
	release   core.Release
	instance  core.Instance
	operation core.Operation
	event     core.Event
	canary    core.Canary
	upload    core.Upload
	token     core.Token

	member     core.Membership
	invitation core.Invitation
	tcpPort    core.TCPPort

	domain      core.Domain
	certificate core.Certificate
	drain       core.LogDrain
}

func (w *world) newEstate() estate {
	w.Helper()
	e := estate{version: w.newVersion("1.0"), operation: w.newOperation(), upload: w.newUpload()}
	e.release = w.newRelease(e.version)
	e.instance = w.newInstance(e.release.Number, 25701)
	e.event = core.NewEvent(w.app, core.LevelGood, "deployed")
	w.ok(w.Events().Create(w.alice, e.event))
	e.canary = w.newCanary()
	w.ok(w.Canaries().Create(w.alice, e.canary))
	e.token = core.Token{ID: core.NewID(), TenantID: w.tenant.ID, SecretHash: core.NewSecret(), CreatedAt: time.Now()}
	w.ok(w.Tokens().Create(w.alice, e.token))
	e.member = core.Membership{TenantID: w.tenant.ID, UserID: w.newUser("Ann").ID, Role: core.RoleViewer, CreatedAt: time.Now()}
	w.ok(w.Members().Put(w.alice, e.member))
	e.invitation = w.newInvitation("new@example.com")
	e.tcpPort = w.newTCPPort("")
	w.ok(w.SwitchCounts().Put(w.system, core.SwitchCount{AppID: w.app.ID, Release: 1}))
	w.ok(w.Scalings().Put(w.system, core.ScaleStatus{AppID: w.app.ID}))
	w.ok(w.Traffic().Put(w.system, []core.TrafficStep{newStep(w.app.ID, 0)}))
	w.ok(w.Drafts().Put(w.alice, core.Draft{AppID: w.app.ID, Base: e.release.Number}))
	w.ok(w.Credentials().Put(w.alice, core.Credentials{AppID: w.app.ID, Values: map[string]string{"password": "x"}}))
	e.domain = w.newDomain(newName())
	e.certificate = w.newCertificate(e.domain)
	e.drain = w.newLogDrain("Archive")
	return e
}

// acts are all the ways to an estate that must not exist for others.
func (w *world) acts(e estate) map[string]act {
	app := w.app
	member, created := core.Membership{TenantID: app.TenantID}, core.App{ID: "new", TenantID: app.TenantID}
	event := core.NewEvent(app, core.LevelBad, "x")
	instance := e.instance
	instance.ID, instance.HostPort = core.NewInstanceID(), 25750
	acts := map[string]act{
		"get tenant":      func(ctx context.Context) error { _, err := w.Tenants().Get(ctx, app.TenantID); return err },
		"get app":         func(ctx context.Context) error { _, err := w.Apps().Get(ctx, app.ID); return err },
		"get version":     func(ctx context.Context) error { _, err := w.Versions().Get(ctx, e.version.ID); return err },
		"get label":       func(ctx context.Context) error { _, err := w.Versions().ByLabel(ctx, app.ID, "1.0"); return err },
		"get release":     func(ctx context.Context) error { _, err := w.Releases().Get(ctx, app.ID, 1); return err },
		"get instance":    func(ctx context.Context) error { _, err := w.Instances().Get(ctx, e.instance.ID); return err },
		"get operation":   func(ctx context.Context) error { _, err := w.Operations().Get(ctx, e.operation.ID); return err },
		"get upload":      func(ctx context.Context) error { _, err := w.Uploads().Get(ctx, e.upload.ID); return err },
		"get credentials": func(ctx context.Context) error { _, err := w.Credentials().Get(ctx, app.ID); return err },
		"get draft":       func(ctx context.Context) error { _, err := w.Drafts().Get(ctx, app.ID); return err },
		"put draft":       func(ctx context.Context) error { return w.Drafts().Put(ctx, core.Draft{AppID: app.ID}) },
		"change draft":    func(ctx context.Context) error { return w.Drafts().Put(ctx, core.Draft{AppID: app.ID, Revision: 1}) },
		"delete draft":    func(ctx context.Context) error { return w.Drafts().Delete(ctx, app.ID) },
		"add member":      func(ctx context.Context) error { return w.Members().Put(ctx, member) },
		"add invitation": func(ctx context.Context) error {
			return w.Invitations().Create(ctx, core.Invitation{TenantID: app.TenantID})
		},
		"get invitation": func(ctx context.Context) error {
			_, err := w.Invitations().Get(ctx, app.TenantID, e.invitation.ID)
			return err
		},
		"set invitation": func(ctx context.Context) error { return w.Invitations().Update(ctx, e.invitation) },
		"get member": func(ctx context.Context) error {
			_, err := w.Members().Get(ctx, app.TenantID, e.member.UserID)
			return err
		},
		"remove member": func(ctx context.Context) error { return w.Members().Remove(ctx, app.TenantID, e.member.UserID) },
		"update tenant": func(ctx context.Context) error { return w.Tenants().Update(ctx, w.tenant) },
		"delete tenant": func(ctx context.Context) error { return w.Tenants().Delete(ctx, app.TenantID) },
		"add app":       func(ctx context.Context) error { return w.Apps().Create(ctx, created) },
		"add version":   func(ctx context.Context) error { return w.Versions().Create(ctx, e.version) },
		"add release":   func(ctx context.Context) error { _, err := w.Releases().Create(ctx, e.release); return err },
		"add instance":  func(ctx context.Context) error { return w.Instances().Create(ctx, instance) },
		"add operation": func(ctx context.Context) error { return w.Operations().Create(ctx, e.operation) },
		"get canary":    func(ctx context.Context) error { _, err := w.Canaries().Latest(ctx, app.ID); return err },
		"add canary":    func(ctx context.Context) error { return w.Canaries().Create(ctx, e.canary) },
		"update canary": func(ctx context.Context) error { return w.Canaries().Update(ctx, e.canary) },
		"count canary":  func(ctx context.Context) error { return w.Canaries().UpdateStatus(ctx, e.canary) },
		"add switch": func(ctx context.Context) error {
			return w.Releases().AllowSwitch(ctx, core.Switch{TenantID: app.TenantID, AppID: app.ID, Release: 1})
		},
		"add event":        func(ctx context.Context) error { return w.Events().Create(ctx, event) },
		"add upload":       func(ctx context.Context) error { return w.Uploads().Create(ctx, e.upload) },
		"add token":        func(ctx context.Context) error { return w.Tokens().Create(ctx, e.token) },
		"put credentials":  func(ctx context.Context) error { return w.Credentials().Put(ctx, core.Credentials{AppID: app.ID}) },
		"update spec":      func(ctx context.Context) error { return w.Apps().UpdateSpec(ctx, app) },
		"update status":    func(ctx context.Context) error { return w.Apps().UpdateStatus(ctx, app) },
		"update release":   func(ctx context.Context) error { return w.Releases().UpdateStatus(ctx, e.release) },
		"update instance":  func(ctx context.Context) error { return w.Instances().Update(ctx, e.instance) },
		"update operation": func(ctx context.Context) error { return w.Operations().Update(ctx, e.operation) },
		"update upload":    func(ctx context.Context) error { return w.Uploads().Update(ctx, e.upload) },
		"delete app":       func(ctx context.Context) error { return w.Apps().Delete(ctx, app.ID) },
		"delete version":   func(ctx context.Context) error { return w.Versions().Delete(ctx, e.version.ID) },
		"delete token":     func(ctx context.Context) error { return w.Tokens().Delete(ctx, app.TenantID, e.token.ID) },
		"add TCP port": func(ctx context.Context) error {
			_, err := w.TCPPorts().Create(ctx, core.TCPPort{AppID: app.ID, TenantID: app.TenantID}, tcpPool)
			return err
		},
		"get TCP port": func(ctx context.Context) error {
			_, err := w.TCPPorts().Get(ctx, app.ID, e.tcpPort.Port, "")
			return err
		},
		"update TCP port": func(ctx context.Context) error { return w.TCPPorts().Update(ctx, e.tcpPort) },
		"get scaling":     func(ctx context.Context) error { _, err := w.Scalings().Get(ctx, app.ID); return err },
		"put scaling":     func(ctx context.Context) error { return w.Scalings().Put(ctx, core.ScaleStatus{AppID: app.ID}) },
		"get switch":      func(ctx context.Context) error { _, err := w.SwitchCounts().Get(ctx, app.ID, 1); return err },
		"put switch": func(ctx context.Context) error {
			return w.SwitchCounts().Put(ctx, core.SwitchCount{AppID: app.ID, Release: 1})
		},
		"delete TCP port": func(ctx context.Context) error { return w.TCPPorts().Delete(ctx, app.ID, e.tcpPort.Port, "") },
		"get drain": func(ctx context.Context) error {
			_, err := w.LogDrains().Get(ctx, app.TenantID, e.drain.ID)
			return err
		},
		"open drain": func(ctx context.Context) error {
			_, err := w.LogDrains().Open(ctx, app.TenantID, e.drain.ID)
			return err
		},
		"add drain":    func(ctx context.Context) error { return w.LogDrains().Create(ctx, e.drain, core.DrainTarget{}) },
		"update drain": func(ctx context.Context) error { return w.LogDrains().Update(ctx, e.drain, core.DrainTarget{}) },
		"delete drain": func(ctx context.Context) error { return w.LogDrains().Delete(ctx, app.TenantID, e.drain.ID) },
	}
	maps.Copy(acts, w.domainActs(e.domain, e.certificate))
	return acts
}

// testIsolation: another tenant's row is the same answer as none at all.
func testIsolation(w *world) {
	e := w.newEstate()
	_, absent := w.Apps().Get(w.bob, "nothing")
	for who, ctx := range map[string]context.Context{"bob": w.bob, "nobody": w.nobody} {
		for name, act := range w.acts(e) {
			err := act(ctx)
			if core.ErrorCode(err) != core.ENOTFOUND || core.ErrorMessage(err).String() != core.ErrorMessage(absent).String() {
				w.Errorf("%s as %s: got %v, want not_found", name, who, err)
			}
		}
		w.sees(ctx, e, false)
	}
	w.ok(w.Instances().Delete(w.bob, e.instance.ID)) // absent for bob, so no error
	w.ok(w.Uploads().Delete(w.bob, e.upload.ID))
	w.sees(w.alice, e, true)
	w.sees(w.system, e, true)
	check(w, map[int]string{e.instance.HostPort: e.instance.ID})(w.Hosts().Ports(w.system, w.host.ID))
}

// sees checks every list for the estate.
func (w *world) sees(ctx context.Context, e estate, want bool) {
	w.Helper()
	n := map[string]int{}
	count := func(name string, length int, err error) {
		w.Helper()
		w.ok(err)
		n[name] = length
	}
	apps, _, err := w.Apps().List(ctx, core.AppFilter{TenantID: w.tenant.ID})
	count("apps", len(apps), err)
	versions, err := w.Versions().List(ctx, w.app.ID)
	count("versions", len(versions), err)
	releases, err := w.Releases().List(ctx, w.app.ID, 0, 10)
	count("releases", len(releases), err)
	instances, err := w.Instances().List(ctx, w.app.ID)
	count("instances", len(instances), err)
	counts, err := w.Instances().Counts(ctx, []string{w.app.ID})
	count("counts", len(counts), err)
	open, err := w.Operations().Open(ctx, w.app.ID)
	count("open operations", len(open), err)
	operations, err := w.Operations().List(ctx, w.app.ID, 10)
	count("operations", len(operations), err)
	deploys, err := w.Operations().OfReleases(ctx, w.app.ID, 0, 10)
	count("operations of releases", len(deploys), err)
	canaries, err := w.Canaries().Open(ctx)
	count("open canaries", len(canaries), err)
	events, err := w.Events().List(ctx, core.EventFilter{AppID: w.app.ID})
	count("events", len(events), err)
	picked, err := w.Releases().Pick(ctx, map[string]int{w.app.ID: 1})
	count("picked releases", len(picked), err)
	latest, err := w.Events().Latest(ctx, []string{w.app.ID})
	count("latest events", len(latest), err)
	tokens, err := w.Tokens().List(ctx, w.tenant.ID)
	count("tokens", len(tokens), err)
	members, err := w.Members().List(ctx, w.tenant.ID)
	count("members", len(members), err)
	invited, err := w.Invitations().Open(ctx, w.tenant.ID)
	count("invitations", len(invited), err)
	estate, err := w.Tenants().Estate(ctx, w.tenant.ID)
	count("estate", len(estate.Apps)+estate.Versions+estate.Members+estate.Invitations+estate.Tokens, err)
	inTenant, _, err := w.Tenants().Counts(ctx, []string{w.tenant.ID})
	count("member counts", len(inTenant), err)
	expired, err := w.Uploads().Expired(ctx, e.upload.ExpiresAt.Add(time.Hour))
	count("expired uploads", len(expired), err)
	tcpPorts, err := w.TCPPorts().List(ctx, w.app.ID)
	count("TCP ports", len(tcpPorts), err)
	steps, err := w.Traffic().List(ctx, w.app.ID, time.Minute, noon, noon.Add(time.Hour))
	count("steps of traffic", len(steps), err)
	domains, err := w.Domains().List(ctx, w.app.ID)
	count("domains", len(domains), err)
	domainCount, err := w.Domains().Count(ctx, w.app.ID)
	count("domain count", domainCount, err)
	certificates, err := w.Certificates().List(ctx, w.app.ID)
	count("certificates", len(certificates), err)
	drains, err := w.LogDrains().List(ctx, w.tenant.ID)
	count("log drains", len(drains), err)
	uses, err := w.Releases().UsesVersion(ctx, w.app.ID, e.version.ID)
	w.ok(err)
	same(w, uses, want)
	for name, length := range n {
		if (length > 0) != want {
			w.Errorf("%s: %d, want some: %v", name, length, want)
		}
	}
}
