// Package service holds the use cases: authorise, validate, write in one transaction, wake the worker, tell the
// pages. What is answered is accepted, not yet running. One noun a file.
package service

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"berth/core"
)

// Deps is what a Service works with.
type Deps struct {
	Store    core.Store
	Images   core.ImageStore
	Access   core.AccessLog // nil where no gateway's can be read
	Engines  core.Engines   // of the hosts that this process reaches; nil for none
	Catalog  core.Catalog
	Waker    core.Waker
	Notifier core.Notifier
	Logs     core.LogSource
	Lines    core.LogStore // what instances wrote; nil keeps nothing
	Traffic  core.Traffic
	TCP      core.TCPTraffic // nil counts nothing
	TCPPool  core.TCPPool
	Metrics  core.MetricStore                          // nil where another process keeps the measurements
	Alerts   core.AlertSender                          // tries channels of alerts
	Mailer   core.Mailer                               // nil sends no mail
	Words    func(language string, t core.Text) string // what mail says; language "" is English

	Health  core.HealthSource // what instances answered last; nil knows nothing of it
	Vantage Vantage           // what a diagnosis looks at beside the store; nil looks at nothing

	Checker   DomainChecker // nil asks no DNS
	Publisher core.Waker    // tells the gateways of an app's domains and ports; nil leaves that to its resync
	HTTPSURL  string        // of the gateways, as browsers see it; "" when they do not speak it
	ACME      bool          // Berth asks a certificate authority by itself

	AlertNetworks []netip.Prefix // private networks that alerts may be posted to

	WorkerSecret     string // the password with which this Berth's engines pull; "" accepts none
	Registration     bool   // people may make an account by themselves
	RegistrationPlan string // of the tenants that they get

	BootstrapToken string // an operator's token from the settings; "" accepts none
	PortalURL      string // whose host also names this Berth's image registry
	BaseDomain     string
	DefaultPlan    string // of tenants that are made without naming one; "" has no limits
	GatewayURL     string
	AuditKept      time.Duration // how long entries of the audit are kept; 0 for ever
	Register       bool          // somebody unknown whose email a provider has verified becomes a person
	TempDir        string        // where the files of uploads lie, each under the upload's id; "" keeps none

	Now func() time.Time // nil takes the clock
	Log *slog.Logger     // nil logs nothing
}

// Service carries out the use cases. It is safe for concurrent use.
type Service struct {
	store    core.Store
	images   core.ImageStore
	access   core.AccessLog
	engines  core.Engines
	entries  core.Catalog
	waker    core.Waker
	notifier core.Notifier
	logs     core.LogSource
	lines    core.LogStore
	traffic  core.Traffic
	tcp      core.TCPTraffic
	tcpPool  core.TCPPool
	metrics  core.MetricStore
	post     *post
	sender   core.AlertSender

	health    core.HealthSource
	vantage   Vantage
	checker   DomainChecker
	publisher core.Waker
	https     *url.URL // nil when the gateways do not speak it
	acme      bool
	base      baseKnown

	workerSecret   string
	bootstrapToken string
	portal         *url.URL
	gateway        *url.URL
	baseDomain     string
	defaultPlan    string
	register       bool
	tempDir        string

	registration     bool
	registrationPlan string

	now       func() time.Time
	log       *slog.Logger
	passwords passwords
	failures  *failures // of signing in
	resets    *failures // mails with a link to set a new password
	attempts  *attempts

	alertNetworks []netip.Prefix
	alertsPruned  pruned

	auditKept     time.Duration
	auditPruned   pruned
	auditIDs      core.IDs
	historyPruned pruned
	trafficPruned pruned
	linesPruned   pruned
	logReaders    logReaders

	fetches *fetches
	garbage garbage
	hurry   hurry
}

var _ core.ImageGate = (*Service)(nil)

// New returns a Service. Run RunFetches and RunHousekeeping beside it.
func New(d Deps) *Service {
	s := &Service{
		store: d.Store, images: d.Images, engines: d.Engines, entries: d.Catalog, waker: d.Waker, notifier: d.Notifier, logs: d.Logs, lines: d.Lines,
		traffic: d.Traffic, metrics: d.Metrics, tcp: d.TCP, tcpPool: d.TCPPool, workerSecret: d.WorkerSecret, bootstrapToken: d.BootstrapToken,
		portal: parseURL(d.PortalURL), gateway: parseURL(d.GatewayURL), baseDomain: d.BaseDomain, defaultPlan: cmp.Or(d.DefaultPlan, core.UnlimitedPlan), tempDir: d.TempDir,
		post: newPost(d), now: d.Now, log: d.Log, passwords: newPasswords(), failures: newFailures(), attempts: newAttempts(), auditKept: d.AuditKept, fetches: newFetches(),
		registration: d.Registration, registrationPlan: d.RegistrationPlan, hurry: newHurry(),
		register: d.Register, resets: failuresOf(maxResets, resetWindow),
	}
	s.checker, s.publisher, s.acme = d.Checker, d.Publisher, d.ACME
	if d.HTTPSURL != "" {
		s.https = parseURL(d.HTTPSURL)
	}
	s.access, s.health, s.vantage = d.Access, d.Health, d.Vantage
	s.sender, s.alertNetworks = d.Alerts, d.AlertNetworks
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	return s
}

// parseURL never fails: the settings were checked before.
func parseURL(text string) *url.URL {
	u, err := url.Parse(text)
	if err != nil {
		return &url.URL{}
	}
	return u
}

// asSystem is for what belongs to no actor: making one, and what Berth does by itself.
func asSystem(ctx context.Context) context.Context { return core.WithActor(ctx, core.System()) }

// signedIn returns the actor. Errors: EUNAUTHORIZED for nobody.
func signedIn(ctx context.Context) (core.Actor, error) {
	a := core.ActorFrom(ctx)
	if a.Kind == core.ActorNobody {
		return a, core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
	}
	return a, nil
}

// authorize allows the actor an action in a tenant that exists. Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN,
// ECONFLICT for a change while the tenant is being deleted.
func (s *Service) authorize(ctx context.Context, act core.Action, tenantID string) error {
	if err := core.ActorFrom(ctx).Authorize(act, tenantID); err != nil {
		return err
	}
	if act == core.ActOperate {
		return nil
	}
	if core.ValidateSlug("tenant", tenantID) != nil {
		return core.NotFound()
	}
	tenant, err := s.store.Tenants().Get(ctx, tenantID)
	if err == nil && adds[act] {
		err = alive(tenant)
	}
	return err
}

// adds are the actions that a tenant that is to go refuses.
var adds = map[core.Action]bool{core.ActCreate: true, core.ActDeploy: true}

// appFor returns an app that the actor may do something with. It reads through store, which may be a transaction.
// Errors: EUNAUTHORIZED, ENOTFOUND, EFORBIDDEN.
func appFor(ctx context.Context, store core.Store, id string, act core.Action) (core.App, error) {
	actor, err := signedIn(ctx)
	if err != nil {
		return core.App{}, err
	}
	if core.ValidateSlug("id", id) != nil || !actor.SeesApp(id) {
		return core.App{}, core.NotFound()
	}
	app, err := store.Apps().Get(ctx, id)
	if err != nil {
		return core.App{}, err
	}
	return app, actor.Authorize(act, app.TenantID)
}

// inspectable is appFor for what is inside an app: its versions, its releases with their environment, its traffic.
func inspectable(ctx context.Context, store core.Store, id string) (core.App, error) {
	return appFor(ctx, store, id, core.ActInspect)
}

// changeable is appFor for a change of what runs. Errors: ECONFLICT when the app is being deleted.
func changeable(ctx context.Context, store core.Store, id string) (core.App, error) {
	app, err := appFor(ctx, store, id, core.ActDeploy)
	if err == nil && app.Deleting {
		err = core.Errorf(core.ECONFLICT, "error.app_deleting", "name", app.Name)
	}
	return app, err
}

// record puts an event on an app's timeline.
func (s *Service) record(ctx context.Context, tx core.Store, e core.Event) error {
	e.CreatedAt = s.now()
	if name := core.ActorFrom(ctx).Name; name != core.System().Name {
		e.Author = name
	}
	return tx.Events().Create(ctx, e)
}

// changed wakes the worker for an app and tells the pages.
func (s *Service) changed(app core.App, kind, id string) {
	s.waker.Wake(app.ID)
	s.notify(app, kind, id)
}

// published has the gateways told as well: of what no instance changes for.
func (s *Service) published(app core.App, kind string) {
	if s.publisher != nil {
		s.publisher.Wake(app.ID)
	}
	s.changed(app, kind, "")
}

func (s *Service) notify(app core.App, kind, id string) {
	s.notifier.Notify(core.Change{TenantID: app.TenantID, AppID: app.ID, Kind: kind, ID: id})
}
