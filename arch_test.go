package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// room is a set of packages and what they may import: of this project, and of modules elsewhere. Patterns end with
// "/..." for everything below. "*" allows everything.
type room struct {
	packages string
	project  []string
	modules  []string
}

// rooms are the house: the first that matches a package rules it. Docker, ZooKeeper, gorm and echo each live in one.
var rooms = []room{
	{"core/config", nil, []string{"github.com/alecthomas/kong", "github.com/knadh/koanf/..."}},
	{"core/catalog", []string{"core"}, []string{"go.yaml.in/yaml/v3"}},
	{"core/scale", []string{"core"}, []string{"github.com/robfig/cron/v3"}},
	{"core/service", []string{"core", "core/scale"}, []string{"golang.org/x/crypto/...", "github.com/pquerna/otp/...",
		"golang.org/x/net/idna"}}, // otp: the codes of two-factor, RFC 4226 and 6238; idna: domains in Unicode
	{"core/store", []string{"core", "migrations"}, []string{"gorm.io/...", "github.com/pressly/goose/v3/...", "modernc.org/sqlite/...",
		"github.com/go-sql-driver/mysql"}},
	{"core/store/storetest", []string{"core", "core/store"}, []string{"*"}},
	{"core", nil, nil},
	{"migrations", nil, nil},
	{"worker/reconcile", []string{"core", "worker/schedule"}, nil},
	{"worker/schedule", []string{"core"}, nil},
	{"worker/health", []string{"core"}, nil},
	{"worker/discovery", []string{"core"}, nil},
	{"worker/canary", []string{"core"}, nil},
	{"worker/autoscale", []string{"core", "core/scale"}, nil},
	{"worker/logs/victoria/process/quiet", nil, nil},
	{"worker/logs/victoria/process", []string{"worker/logs/victoria/process/quiet"}, []string{"github.com/VictoriaMetrics/..."}},
	{"worker/logs/victoria", []string{"core", "worker/logs/server"}, nil},
	{"worker/logs/loki", []string{"core", "worker/logs/server"}, nil},
	{"worker/logs/elastic", []string{"core", "worker/logs/server"}, nil},
	{"worker/logs/server", []string{"core"}, nil},
	{"worker/logs/drain", []string{"core", "worker/outbound"}, nil},
	{"worker/outbound", []string{"core"}, nil},
	{"worker/logs/storetest", []string{"*"}, []string{"*"}},
	{"worker/logs/loki/lokitest", nil, nil},
	{"worker/logs/elastic/elastictest", nil, nil},
	{"worker/logs", []string{"core"}, []string{"github.com/valyala/fastjson", "golang.org/x/sys/unix"}},
	{"worker/domain", []string{"core"}, nil},
	{"worker/resolve", []string{"core"}, []string{"github.com/miekg/dns"}},
	{"worker/certificate", []string{"core"}, []string{"github.com/mholt/acmez/v3/...", "github.com/miekg/dns"}},
	{"worker/alert", []string{"core", "worker/outbound"}, nil},
	{"worker/metrics/tsdb", []string{"core"}, []string{"github.com/prometheus/prometheus/..."}},
	{"worker/metrics/remote", []string{"core"}, []string{"github.com/prometheus/prometheus/prompb", "github.com/klauspost/compress/s2"}},
	{"worker/metrics/...", []string{"core"}, nil},
	{"worker/mail", []string{"core"}, []string{"github.com/wneessen/go-mail"}},
	{"worker/engine/docker", []string{"core"}, []string{"github.com/docker/...", "github.com/google/nftables/...", "github.com/containerd/errdefs",
		"github.com/opencontainers/...", "golang.org/x/..."}},
	{"worker/engine/fake", []string{"core"}, nil},
	{"worker/registry/memory", []string{"core"}, nil},
	{"worker/handover", nil, nil},
	{"worker/registry/snapshot", []string{"core"}, nil},
	{"worker/registry/zookeeper", []string{"core"}, []string{"github.com/go-zookeeper/zk"}},
	{"worker/image", []string{"core", "worker/outbound"}, []string{"github.com/distribution/...", "github.com/google/go-containerregistry/...",
		"github.com/tus/tusd/v2/...", "github.com/klauspost/compress/...", "github.com/opencontainers/...", "golang.org/x/...",
		"github.com/gorilla/mux", "github.com/sirupsen/logrus"}}, // as distribution uses them
	{"worker/access", []string{"core"}, nil},
	{"worker/traffic", []string{"core"}, nil},
	{"worker/gateway/tcp", []string{"core"}, nil},
	{"worker/gateway", []string{"core"}, []string{"golang.org/x/net/http2/...", "golang.org/x/sys/unix", "golang.org/x/crypto/bcrypt", "github.com/klauspost/compress/..."}},
	{"worker", []string{"core"}, nil},
	{"views/sentence", []string{"core", "core/scale", "views/i18n"}, nil}, // which reads what it says, a cron expression, as what acts on it does
	{"views/...", []string{"core", "views/..."}, []string{"github.com/a-h/templ/...", "github.com/nicksnyder/go-i18n/v2/...", "golang.org/x/text/...",
		"github.com/boombuler/barcode/qr"}}, // a QR code is a picture of a text
	{"static", nil, nil},
	{"handlers", []string{"core", "core/service", "views/..."}, []string{"github.com/labstack/echo/v4/...", "github.com/gorilla/websocket",
		"github.com/a-h/templ"}},
	{"web/oidc", []string{"core"}, []string{"github.com/coreos/go-oidc/v3/oidc", "golang.org/x/oauth2"}},
	{"web", []string{"core", "handlers", "views/...", "static"}, []string{"github.com/labstack/echo/v4/...", "github.com/alexedwards/scs/v2",
		"github.com/a-h/templ", "golang.org/x/time/rate"}},
	// The command-line client stands outside: it knows the API and the values that go over it, nothing of the server.
	{"web/client", []string{"core"}, []string{"github.com/gorilla/websocket"}},
	{"web/cli", []string{"core", "web/client"}, []string{"github.com/alecthomas/kong", "golang.org/x/term"}},
	{"web/cli/berth", []string{"web/cli"}, nil}, // the client alone, for systems on which the server does not build
	{".", []string{"*"}, []string{"*"}},
	{"e2e/...", []string{"*"}, []string{"*"}},
	{"worker/engine/enginetest", []string{"*"}, []string{"*"}},
	{"worker/registry/registrytest", []string{"*"}, []string{"*"}},
}

// TestImportsFollowTheHouse reads every file that is part of a program; tests may import what they need.
func TestImportsFollowTheHouse(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "data" || name == "testdata" || name == "tmpdeps") {
				return filepath.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			seen++
			checkFile(t, filepath.ToSlash(file))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 50 {
		t.Errorf("read %d files only", seen)
	}
}

func checkFile(t *testing.T, file string) {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	r, ok := roomOf(path.Dir(file))
	if !ok {
		t.Errorf("%s is in no room of the house; give its package one in arch_test.go", file)
		return
	}
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		if !r.mayImport(imported) {
			t.Errorf("%s imports %s, which %s may not", file, imported, r.packages)
		}
	}
}

func roomOf(pkg string) (room, bool) {
	for _, r := range rooms {
		if matches(r.packages, pkg) {
			return r, true
		}
	}
	return room{}, false
}

func (r room) mayImport(imported string) bool {
	own, isOwn := strings.CutPrefix(imported, "berth/")
	if isOwn {
		return matchesAny(r.project, own)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // the standard library
	}
	return matchesAny(r.modules, imported)
}

func matchesAny(patterns []string, s string) bool {
	for _, p := range patterns {
		if matches(p, s) {
			return true
		}
	}
	return false
}

func matches(pattern, s string) bool {
	if pattern == "*" {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return s == prefix || strings.HasPrefix(s, prefix+"/")
	}
	return s == pattern
}

func TestTheRulesCatchWhatTheyForbid(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		want          bool
	}{
		{"core", "berth/core/store", false},
		{"core", "gorm.io/gorm", false},
		{"core", "net/http", true},
		{"views/home", "berth/core", true},
		{"views/home", "berth/core/store", false},
		{"handlers", "berth/core/store", false},
		{"worker/gateway", "berth/worker/registry/memory", false},
		{"worker/registry/zookeeper", "github.com/go-zookeeper/zk", true},
		{"worker/reconcile", "github.com/docker/docker/client", false},
		{"web/cli", "berth/core/config", false},
		{"web/client", "berth/handlers", false},
	} {
		r, _ := roomOf(c.pkg)
		if got := r.mayImport(c.imported); got != c.want {
			t.Errorf("%s imports %s: %v, want %v", c.pkg, c.imported, got, c.want)
		}
	}
}
