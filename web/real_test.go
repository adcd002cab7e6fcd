package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"

	"berth/core"
	"berth/core/catalog"
	"berth/core/service"
	"berth/e2e/testenv"
	"berth/views/i18n"
	"berth/views/paths"
	"berth/worker/alert"
	"berth/worker/image"
)

// operatorToken is the bootstrap token of a real portal.
const operatorToken = "bootstrap-token-of-at-least-32-characters"

// tcpPool is what ports there are for apps; nothing listens on them here.
var tcpPool = core.TCPPool{From: 30000, To: 39999, Taken: []core.TCPRange{{From: 22, To: 22}}}

// realPortal is a portal on the real service, database and image store; only the workers are missing, so what is
// accepted stays accepted.
type realPortal struct {
	*portal
	service *service.Service
}

func newRealPortal(t *testing.T) realPortal {
	t.Helper()
	return newRealPortalWith(t, func(*service.Deps) {})
}

// newRealPortalWith lets change alter what the service works with.
func newRealPortalWith(t *testing.T, change func(*service.Deps)) realPortal {
	t.Helper()
	p := realPortal{}
	images, err := image.New(image.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { images.Close() })
	entries, err := catalog.Load("")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := openStore(t, dir)
	deps := service.Deps{Store: s, Images: images, Catalog: entries, Waker: asleep{}, TCPPool: tcpPool,
		Notifier: service.NewNotifier(), Traffic: noTraffic{}, Metrics: noMetrics{}, BootstrapToken: operatorToken, Registration: true, RegistrationPlan: "starter",
		PortalURL: "http://localhost:8080", BaseDomain: "localhost", GatewayURL: "http://localhost:8000",
		TempDir: t.TempDir(), Logs: silence{}, Lines: noLines{}, Alerts: newAlertSender(), AlertNetworks: alertNetworks}
	change(&deps)
	p.service = service.New(deps)
	p.portal = newPortal(t, p.service, func(o *Options) {
		o.Sessions = s.Sessions()
		o.Registry = images.Handler(p.service)
		o.Uploads = newUploads(t, p.service)
	})
	p.store, p.dir = s, dir
	return p
}

// newUploads receives resumable uploads as the program does.
func newUploads(t *testing.T, s *service.Service) http.Handler {
	t.Helper()
	uploads, err := image.NewUploads(image.UploadOptions{Dir: t.TempDir(),
		Problem: func(ctx context.Context, err error) (int, string) {
			return Status(err), i18n.From(ctx).Text(core.ErrorMessage(err))
		},
		Hooks: image.UploadHooks{
			Begin: func(ctx context.Context, size int64, metadata map[string]string) (string, error) {
				u, err := s.BeginUpload(ctx, core.Upload{TenantID: metadata["tenant"], AppID: metadata["app"], FileName: "x", Size: core.Bytes(size)})
				return u.ID, err
			},
			Authorize: s.MayUpload,
			Progress:  func(context.Context, string, int64) {},
			Finish: func(ctx context.Context, id string, file io.Reader) error {
				_, err := s.FinishUpload(ctx, id, file)
				return err
			},
			Cancel: func(ctx context.Context, id string) { _ = s.CancelUpload(ctx, id) },
		}})
	if err != nil {
		t.Fatal(err)
	}
	return uploads
}

// alertNetworks have the receivers of tests.
var alertNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func newAlertSender() *alert.Sender {
	return alert.NewSender(alert.SenderOptions{Networks: alertNetworks, Words: func(_ string, t core.Text) string { return t.String() },
		Page: func(tenantID string) string { return "http://localhost:8080" + paths.Alerts(tenantID) }})
}

// silence is the log of apps that write nothing.
type silence struct{}

func (silence) Stream(ctx context.Context, _ core.LogView, _ func(core.LogLine) error) error {
	<-ctx.Done()
	return ctx.Err()
}

func (silence) Tail(context.Context, string, int) ([]core.LogLine, error) { return nil, nil }

type asleep struct{}

func (asleep) Wake(string) {}

// noMetrics was never told anything.
type noMetrics struct{ core.MetricStore }

func (noMetrics) Query(context.Context, core.MetricQuery) ([]core.MetricSeries, error) {
	return nil, nil
}

func (noMetrics) Fault() error { return nil }

type noTraffic struct{}

func (noTraffic) App(string) core.TrafficCounts { return core.TrafficCounts{} }

// must asks with the operator's token and reads the answer, which must be of the status, into v.
func (p realPortal) must(status int, method, path string, body, v any) {
	p.t.Helper()
	text := ""
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		text = string(data)
	}
	got := p.api(operatorToken, method, path, text)
	if got.status != status {
		p.t.Fatalf("%s %s: %d %s\n%s", method, path, got.status, got.body, p.logged)
	}
	if v != nil {
		got.json(p.t, v)
	}
}

type object = map[string]any

// tenant makes a tenant with a token of the scope and returns both.
func (p realPortal) tenant(name string, scope core.Scope) (id, token string) {
	p.t.Helper()
	var tenant, made object
	p.must(201, http.MethodPost, "/tenants", object{"name": name}, &tenant)
	id = tenant["id"].(string)
	p.must(201, http.MethodPost, "/tenants/"+id+"/tokens", object{"name": "ci", "scope": scope}, &made)
	return id, made["token"].(string)
}

// app makes an app with a version 1.0.
func (p realPortal) app(tenant, name string) string {
	p.t.Helper()
	var made object
	p.must(201, http.MethodPost, "/apps", object{"tenant": tenant, "name": name}, &made)
	id := made["id"].(string)
	p.upload(id, "1.0")
	return id
}

func (p realPortal) upload(app, label string) object {
	p.t.Helper()
	archive, err := os.ReadFile(testenv.Archive(p.t, testenv.ImageOptions{}))
	if err != nil {
		p.t.Fatal(err)
	}
	got := p.api(operatorToken, http.MethodPost, "/apps/"+app+"/versions?label="+label, string(archive),
		"Content-Type", "application/x-tar")
	if got.status != http.StatusCreated {
		p.t.Fatalf("%d %s", got.status, got.body)
	}
	var v object
	got.json(p.t, &v)
	return v
}

// TestAPIFromEndToEnd goes the way of a script, each answer checked against the description.
func TestAPIFromEndToEnd(t *testing.T) {
	p := newRealPortal(t)
	tenant, _ := p.tenant("Tea", core.ScopeRead)
	app := p.app(tenant, "Shop")
	var v, list, released, op, shown object
	p.must(200, http.MethodGet, "/apps/"+app+"/versions", nil, &list)
	if n := len(list["items"].([]any)); n != 1 || list["next"] != nil {
		t.Errorf("versions: %v", list)
	}
	p.must(200, http.MethodGet, "/apps/"+app+"/versions/1.0", nil, &v)
	p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"version": "1.0", "replicas": 2, "memory": "64MiB",
		"cpu": 0.5, "port": 8080, "env": object{"A": "b", "S": object{"value": "hidden-value", "secret": true}},
		"health": object{"path": "/"}, "command": []string{"/serve"}}, &released)
	p.must(200, http.MethodGet, "/operations/"+released["operation"].(string), nil, &op)
	if op["status"] != "pending" || len(op["steps"].([]any)) < 8 {
		t.Errorf("operation %v", op)
	}
	p.must(200, http.MethodGet, "/apps/"+app+"/releases/1", nil, &shown)
	if shown["memory"] != "64MiB" || shown["cpu"] != "0.5" || shown["replicas"] != 2.0 || shown["weights"].(object)["1.0"] != 100.0 {
		t.Errorf("release %v", shown)
	}
	p.upload(app, "1.1")
	p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"weights": object{"1.0": 90, "1.1": 10}}, &released)
	p.must(202, http.MethodPost, "/apps/"+app+"/rollback", object{"release": 1}, &released)
	p.must(202, http.MethodPut, "/apps/"+app+"/scaling", object{"min": 3, "max": 3, "rules": []any{}}, &released)
	if released["number"] != 4.0 {
		t.Errorf("released %v", released)
	}
	p.must(200, http.MethodGet, "/apps/"+app+"/scaling", nil, &shown)
	if shown["min"] != 3.0 || shown["max"] != 3.0 {
		t.Errorf("scaling %v", shown)
	}
	for _, path := range []string{"/me", "/tenants", "/tenants/" + tenant, "/tenants/" + tenant + "/tokens", "/apps", "/apps/" + app,
		"/apps/" + app + "/releases", "/apps/" + app + "/operations", "/apps/" + app + "/events", "/apps/" + app + "/traffic",
		"/catalog", "/hosts"} {
		p.must(200, http.MethodGet, path, nil, nil)
	}
	p.must(200, http.MethodPatch, "/apps/"+app, object{"name": "New shop"}, &shown)
	if shown["name"] != "New shop" {
		t.Errorf("renamed %v", shown)
	}
	for _, verb := range []string{"stop", "start", "restart"} {
		p.must(202, http.MethodPost, "/apps/"+app+"/"+verb, nil, nil)
	}
	p.must(409, http.MethodDelete, "/apps/"+app+"/versions/1.0", nil, nil)
	p.must(200, http.MethodPost, "/garbage-collection", nil, nil)
	p.must(202, http.MethodDelete, "/apps/"+app, nil, nil)
}

func TestServicesOverTheAPI(t *testing.T) {
	p := newRealPortal(t)
	tenant, reader := p.tenant("Tea", core.ScopeRead)
	var made, conn object
	p.must(201, http.MethodPost, "/apps", object{"tenant": tenant, "name": "Cache", "service": "redis"}, &made)
	if made["operation"] == nil || made["url"] != nil {
		t.Errorf("made %v", made)
	}
	p.must(200, http.MethodGet, "/apps/"+made["id"].(string)+"/connection", nil, &conn)
	if !strings.HasPrefix(conn["uri"].(string), "redis://") {
		t.Errorf("connection %v", conn)
	}
	p.api(reader, http.MethodGet, "/apps/"+made["id"].(string)+"/connection", "").problem(t, http.StatusForbidden)
	p.must(202, http.MethodDelete, "/apps/"+made["id"].(string)+"?keep_data=true", nil, nil)
}

func TestListsHavePages(t *testing.T) {
	p := newRealPortal(t)
	tenant, token := p.tenant("Tea", core.ScopeRead)
	for i := range 5 {
		p.must(201, http.MethodPost, "/apps", object{"tenant": tenant, "name": fmt.Sprint("App ", i)}, nil)
	}
	var names []string
	for cursor := ""; len(names) < 10; {
		var page struct {
			Items []struct{ Name string }
			Next  *string
		}
		p.api(token, http.MethodGet, "/apps?limit=2&cursor="+cursor, "").json(t, &page)
		for _, item := range page.Items {
			names = append(names, item.Name)
		}
		if page.Next == nil {
			break
		}
		cursor = *page.Next
	}
	if got := strings.Join(names, ","); got != "App 0,App 1,App 2,App 3,App 4" {
		t.Errorf("pages: %s", got)
	}
	app := p.app(tenant, "Shop")
	for i := range 3 {
		p.must(202, http.MethodPost, "/apps/"+app+"/releases", object{"version": "1.0", "replicas": i + 1}, nil)
	}
	for _, path := range []string{"/apps/" + app + "/releases", "/apps/" + app + "/events"} {
		seen := 0
		for cursor := ""; seen < 20; {
			var page struct {
				Items []object
				Next  *string
			}
			p.api(token, http.MethodGet, path+"?limit=2&cursor="+cursor, "").json(t, &page)
			seen += len(page.Items)
			if page.Next == nil {
				break
			}
			cursor = *page.Next
		}
		if seen < 3 || seen >= 20 {
			t.Errorf("%s: %d items", path, seen)
		}
	}
}
