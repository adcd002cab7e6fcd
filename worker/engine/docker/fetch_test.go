package docker_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestFetchSignsIn fetches from a registry that lets nobody in without a password.
func TestFetchSignsIn(t *testing.T) {
	t.Parallel()
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	guarded := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != "s3cret" && r.Method == http.MethodGet {
			w.Header().Set("WWW-Authenticate", `Basic realm="berth"`)
			http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"sign in"}]}`, http.StatusUnauthorized)
			return
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(guarded.Close)
	open1 := httptest.NewServer(store)
	t.Cleanup(open1.Close)
	image := core.ImageRef{Repository: "shop", Digest: testenv.ImageRegistry{Host: host(open1)}.Push(t, "shop",
		testenv.Image(t, testenv.ImageOptions{}))}
	for password, want := range map[string]core.Code{"wrong": core.EUNREACHABLE, "s3cret": ""} {
		e := open(t, docker.Options{Registry: host(guarded), RegistryUser: "worker", RegistryPassword: password})
		if err := e.Fetch(t.Context(), image); core.ErrorCode(err) != want {
			t.Errorf("with password %q: %v", password, err)
		}
		if err := e.RemoveImage(context.Background(), image); err != nil {
			t.Error(err)
		}
	}
}

func TestFetchFromNowhere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	e := open(t, docker.Options{Registry: l.Addr().String()})
	err = e.Fetch(t.Context(), core.ImageRef{Repository: "shop", Digest: "sha256:" + strings.Repeat("1", 64)})
	if core.ErrorCode(err) != core.EUNREACHABLE {
		t.Error(err)
	}
}

func TestExportWritesAnArchive(t *testing.T) {
	t.Parallel()
	tag := "berth-test/" + core.NewInstanceID() + ":1"
	id := testenv.Load(t, testenv.Archive(t, testenv.ImageOptions{Tag: tag}))
	archive, err := open(t, docker.Options{}).Export(t.Context(), tag)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	path := filepath.Join(t.TempDir(), "image.tar")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.Copy(f, archive); err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if name, err := image.ConfigName(); err != nil || name.String() != id {
		t.Errorf("exported %s, %v; want %s", name, err, id)
	}
}

func host(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "http://") }
