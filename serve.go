package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"berth/core"
	"berth/core/catalog"
	"berth/core/config"
	"berth/core/service"
	"berth/handlers"
	"berth/static"
	gatewaypages "berth/views/gateway"
	"berth/views/i18n"
	"berth/views/paths"
	"berth/web"
	"berth/web/oidc"
	"berth/worker"
	"berth/worker/access"
	"berth/worker/canary"
	"berth/worker/certificate"
	"berth/worker/discovery"
	"berth/worker/domain"
	"berth/worker/gateway"
	"berth/worker/gateway/tcp"
	"berth/worker/handover"
	"berth/worker/health"
	"berth/worker/image"
	"berth/worker/logs"
	"berth/worker/logs/drain"
	"berth/worker/metrics"
	"berth/worker/reconcile"
	"berth/worker/registry/snapshot"
	"berth/worker/traffic"
)

// parts are what the roles of one process are made of.
type parts struct {
	cfg       config.Config
	log       *slog.Logger
	store     core.Store
	listeners *handover.Listeners
	offer     *handover.Offer
	registry  core.Registry
	snapshot  *snapshot.Registry // the registry as the gateway sees it
	engines   engines
	images    *image.Store
	uploads   *image.Uploads
	gateway   *gateway.Gateway
	access    *access.Log     // of this process's gateway
	local     *traffic.Local  // what it tells; nil without one
	traffic   *traffic.Reader // of all gateways
	secret    string          // of the gateways' counts
	tcp       *tcp.Server
	monitor   *health.Monitor
	discovery *discovery.Discovery
	domains   *domain.Loop

	certificates *certificate.Loop
	sealer       core.Sealer
	loop         *reconcile.Loop
	lines        core.LogStore
	logs         *logs.Source
	collector    *logs.Collector
	drains       *drain.Drains
	service      *service.Service
	measured     core.MetricStore // nil where others keep the measurements
	sampler      *metrics.Sampler
	load         *metrics.Sampler // of the apps with a scaling
	messages     *i18n.Bundle
}

// serve runs the roles of this process until ctx ends, or until another process has taken over.
func serve(ctx context.Context, cfg config.Config, out io.Writer, log *slog.Logger) error {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	p := &parts{cfg: cfg, log: log, engines: engines{}, listeners: handover.New(log.With("part", "handover"))}
	if err := p.joinGateway(); err != nil {
		return err
	}
	gatewayEnded, err := p.beginGateway(ctx)
	if err != nil {
		return err
	}
	defer gatewayEnded()
	defer leave() // before it is waited for
	if err := p.serveRest(ctx, leave, out); err != nil {
		return err
	}
	p.offer.Released()
	return nil
}

// serveRest runs all but the gateway, which others may rely on while this process comes and goes.
func (p *parts) serveRest(ctx context.Context, leave func(), out io.Writer) error {
	supervisor := &worker.Supervisor{Log: p.log}
	if p.cfg.Has("worker") || p.cfg.Has("portal") {
		if err := p.assemble(ctx); err != nil {
			return err
		}
		defer p.close()
	}
	if p.cfg.Has("worker") {
		supervisor.Add(p.logLoops()...)
		supervisor.Add(worker.Loop{Name: "reconcile", Run: p.loop.Run}, worker.Loop{Name: "discovery", Run: p.discovery.Run},
			worker.Loop{Name: "metrics", Run: p.sampler.Run},
			worker.Loop{Name: "load", Run: p.load.Run}, worker.Loop{Name: "autoscale", Run: p.autoscaler().Run}, worker.Loop{Name: "canary", Run: p.canary().Run},
			worker.Loop{Name: "domains", Run: p.domains.Run}, worker.Loop{Name: "certificates", Run: p.certificates.Run})
		if !p.cfg.Has("portal") {
			supervisor.Add(worker.Loop{Name: "answers", Run: p.keepAnswers})
		}
		supervisor.Add(p.alertLoops()...)
	}
	supervisor.Add(p.trafficLoops()...)
	front, err := p.front(ctx, out)
	if err != nil {
		return err
	}
	supervisor.Add(front...)
	p.offerListeners(ctx, leave)
	supervisor.Run(ctx)
	return nil
}

// front returns the loops that others connect to. They are stopped together, before those that they rely on.
func (p *parts) front(ctx context.Context, out io.Writer) ([]worker.Loop, error) {
	var loops []worker.Loop
	if p.cfg.Has("gateway") {
		loops = append(loops, p.statsLoops()...)
	}
	if !p.cfg.Has("portal") {
		return loops, nil
	}
	if err := p.service.CheckRegistration(ctx); err != nil {
		return nil, err
	}
	uploads, err := p.newUploads()
	if err != nil {
		return nil, err
	}
	p.uploads = uploads
	loops = append(loops,
		worker.Loop{Name: "fetches", Run: p.service.RunFetches},
		worker.Loop{Name: "housekeeping", Run: p.service.RunHousekeeping},
		worker.Loop{Name: "uploads", Run: p.tendUploads},
		worker.Loop{Name: "portal", Run: p.runPortal})
	return loops, p.announce(ctx, out)
}

func (p *parts) runPortal(ctx context.Context) error {
	l, err := p.listeners.Listen(p.cfg.PortalListen)
	if err != nil {
		return err
	}
	return p.portal().Run(ctx, l)
}

func (p *parts) close() {
	p.monitor.Close()
	var kept error
	if p.measured != nil {
		kept = p.measured.Close()
	}
	if err := errors.Join(p.images.Close(), p.store.Close(), kept); err != nil {
		p.log.Warn("not everything could be closed", "error", err)
	}
}

// announce prints where the portal is, and on a Berth that nobody owns yet the link that makes the first operator.
func (p *parts) announce(ctx context.Context, out io.Writer) error {
	needed, err := p.service.NeedsSetup(ctx)
	if err != nil {
		return err
	}
	if needed {
		return p.setupLink(ctx, out)
	}
	_, err = fmt.Fprintf(out, "Berth is at %s\n", p.cfg.PortalURL)
	return err
}

func (p *parts) setupLink(ctx context.Context, out io.Writer) error {
	secret, expires, err := p.service.NewSetupLink(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nBerth is ready. Open this link to become its operator; it works once, until %s:\n\n  %s\n\n",
		expires.Local().Format("15:04"), p.cfg.PortalURL+paths.Setup(secret))
	return err
}

func printSetupLink(ctx context.Context, cfg config.Config, out io.Writer) error {
	st, err := openStore(ctx, cfg)
	if err != nil {
		return err
	}
	defer st.Close()
	p := &parts{cfg: cfg, store: st, service: service.New(service.Deps{Store: st, BaseDomain: cfg.BaseDomain})}
	return p.setupLink(ctx, out)
}

// joinGateway makes what a gateway needs: the registry, and nothing that could be away.
func (p *parts) joinGateway() (err error) {
	if p.messages, err = i18n.Load(); err != nil {
		return err
	}
	if p.registry, err = newRegistry(p.cfg, p.log); err != nil {
		return err
	}
	sealer, err := gatewaySealer(p.cfg)
	p.sealer = sealer
	if err != nil {
		return err
	}
	if err := p.joinAccess(); err != nil {
		return err
	}
	p.snapshot = snapshot.Keep(p.registry, snapshot.Options{Path: snapshotPath(p.cfg), Log: p.log.With("part", "snapshot")})
	p.tcp = tcp.New(tcp.Options{Pool: tcpPool(p.cfg), Open: p.listeners.Listen, Certificate: p.certificate, Log: p.log.With("part", "tcp"),
		Timeouts: tcp.Timeouts{Drain: drainFor}})
	p.offer = &handover.Offer{Listeners: p.listeners, Path: p.handoverPath(), Flush: p.snapshot.Save}
	p.gateway = gateway.New(gateway.Options{Also: p.tcp.Apply, Access: p.access, Stats: p.cfg.GatewayStats, Registry: p.snapshot, ID: gatewayID(),
		Listen: p.cfg.GatewayHTTP, Open: p.listeners.Listen, Succeeded: p.succeeded,
		ListenSecure: p.cfg.GatewayHTTPS, SecurePort: p.cfg.SecurePort(), Sealer: sealer,
		Pages: gatewaypages.Pages[gateway.PageKind](p.messages), Log: p.log.With("part", "gateway"),
		Timeouts: gateway.Timeouts{Drain: drainFor}})
	p.joinTraffic()
	return nil
}

// drainFor leaves the gateway's clients time to finish, within the 30 s that a stop may take.
const drainFor = 25 * time.Second

// assemble picks the adapters of the portal and the worker and joins the parts. Nothing runs yet.
func (p *parts) assemble(ctx context.Context) error {
	if err := os.MkdirAll(p.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	key, err := p.cfg.Key()
	if err != nil {
		return err
	}
	workerSecret, err := derive(key, "worker")
	if err != nil {
		return err
	}
	engine, err := newEngine(p.cfg, workerSecret, p.log)
	if err != nil {
		return err
	}
	p.engines[core.LocalHost] = engine
	entries, err := catalog.Load(p.cfg.Catalog)
	if err != nil {
		return err
	}
	if p.images, err = p.newImages(engine, key); err != nil {
		return err
	}
	if p.store, err = openStore(ctx, p.cfg); err != nil {
		return err
	}
	if err := p.joinMetrics(); err != nil {
		return err
	}
	p.joinScaling()
	p.joinWorker(entries)
	p.joinService(entries, workerSecret)
	return nil
}

// derive makes a secret for one purpose out of the key, so that all processes of one Berth have the same.
func derive(key []byte, purpose string) (string, error) {
	secret, err := hkdf.Key(sha256.New, key, nil, "berth "+purpose, 32)
	return hex.EncodeToString(secret), err
}

func (p *parts) newImages(engine core.Engine, key []byte) (*image.Store, error) {
	secret, err := derive(key, "registry")
	if err != nil {
		return nil, err
	}
	english := p.messages.Localizer("en")
	return image.New(image.Options{Dir: filepath.Join(p.cfg.Data, "registry"), Shared: !p.cfg.Has("portal"), Secret: secret, Host: imageHost(p.cfg.PortalListen),
		Word: english.Text, Export: engine.Export, Networks: p.cfg.Networks(), Arch: runtime.GOARCH, Log: p.log.With("part", "images")})
}

// farResync is how often a worker looks at everything when the portal is another process, which cannot wake it.
const farResync = 3 * time.Second

func (p *parts) joinWorker(entries core.Catalog) {
	from, to := p.cfg.Ports()
	notifier := service.NewNotifier()
	p.discovery = discovery.New(discovery.Options{Store: p.store, Registry: p.registry, BaseDomain: p.cfg.BaseDomain,
		Log: p.log.With("part", "discovery")})
	p.joinDomains(notifier)
	p.joinLogs(notifier)
	p.loop = &reconcile.Loop{Store: p.store, Engines: p.engines, HostIDs: []string{core.LocalHost}, Images: p.images,
		Catalog: entries, Discovery: p.discovery, Traffic: p.traffic, Notifier: notifier, Metrics: p.measured,
		Logs: p.logs, Kept: p.collector,
		Log: p.log.With("part", "worker"), Ports: [2]int{from, to}}
	if !p.cfg.Has("portal") {
		p.loop.Resync = farResync
	}
	p.monitor = health.NewMonitor(health.NewProber(), p.engines, p.loop.Wake)
	p.loop.Health = p.monitor
}

func (p *parts) joinService(entries core.Catalog, workerSecret string) {
	p.service = service.New(service.Deps{Store: p.store, Images: p.images, Engines: p.engines, Catalog: entries, Waker: p.loop,
		Notifier: p.loop.Notifier, Logs: p.loop.Logs, Lines: p.lines, Traffic: p.traffic, Metrics: p.measured, TCP: p.traffic, TCPPool: tcpPool(p.cfg), WorkerSecret: workerSecret,
		Health: p.answers(), Vantage: p, Checker: p.domains, Publisher: p.discovery, HTTPSURL: p.cfg.SecureURL(), ACME: p.cfg.ACME(),
		Mailer: newMailer(p.cfg, p.log), Words: p.word, Alerts: p.newAlertSender(), AlertNetworks: p.cfg.NetworksOutbound(), Register: p.cfg.OIDCRegister == "on", BootstrapToken: p.cfg.BootstrapToken,
		Registration: p.cfg.Registration == "on", RegistrationPlan: p.cfg.RegistrationPlan, BaseDomain: p.cfg.BaseDomain, DefaultPlan: p.cfg.DefaultPlan, GatewayURL: p.cfg.GatewayURL,
		Access:    p.traffic,
		PortalURL: p.cfg.PortalURL, TempDir: filepath.Join(p.cfg.Data, "uploads"), AuditKept: p.cfg.AuditKept(), Now: time.Now, Log: p.log.With("part", "service")})
}

// canary follows the trials of new versions.
func (p *parts) canary() *canary.Loop {
	return &canary.Loop{Store: p.store, Traffic: p.traffic, Mover: p.service, Notifier: p.loop.Notifier, Log: p.log.With("part", "canary")}
}

// word says a sentence of a mail in a person's language.
func (p *parts) word(language string, t core.Text) string {
	return p.messages.Localizer(language).Text(t)
}

// provider is where people may sign in instead; nil when none is configured.
func (p *parts) provider() handlers.Provider {
	if p.cfg.OIDCIssuer == "" {
		return nil
	}
	return oidc.New(oidc.Options{Issuer: p.cfg.OIDCIssuer, ClientID: p.cfg.OIDCClientID, ClientSecret: p.cfg.OIDCClientSecret,
		Name: p.cfg.OIDCName, Callback: p.cfg.PortalURL + paths.SignInCallback, Log: p.log.With("part", "oidc")})
}

func (p *parts) portal() *web.Server {
	files := static.New()
	return web.New(web.Options{
		Handlers: &handlers.Handlers{Service: p.service, PortalURL: p.cfg.PortalURL, BaseDomain: p.cfg.BaseDomain,
			GatewayURL: p.cfg.GatewayURL, Messages: p.messages, Asset: files.Path, Machine: p.machine, Provider: p.provider()},
		Sessions: p.store.Sessions(), Registry: p.images.Handler(p.service), Uploads: p.uploads, Static: files,
		Metrics: p.metrics(), MetricsOpen: p.cfg.MetricsOpen == "on", Ready: p.ready, Log: p.log.With("part", "portal"),
	})
}

// english words what is read in a terminal or by other programs.
func english() *i18n.Localizer {
	messages, err := i18n.Load()
	if err != nil {
		panic(err) // the messages are embedded, and tested
	}
	return messages.Localizer("en")
}
