package image_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"berth/core"
	"berth/e2e/testenv"
)

func expectError(t testing.TB, err error, code core.Code, key string) {
	t.Helper()
	e, ok := errors.AsType[*core.Error](err)
	if !ok || e.Code != code || e.Message.Key != key {
		t.Errorf("got %v, want %s: %s", err, code, key)
	}
}

// elsewhere is a registry that holds an image as bank:1, and an index with it as bank:2.
func elsewhere(t testing.TB) (host string, img v1.Image) {
	t.Helper()
	_, host = serve(t, newStore(t))
	img = testenv.Image(t, testenv.ImageOptions{Compress: true, Layers: 2})
	arm := testenv.Image(t, testenv.ImageOptions{Arch: "arm64"})
	index := mutate.AppendManifests(empty.Index, platform(arm, "arm64"), platform(img, "amd64"))
	if err := errors.Join(push(t, host, "bob", "bank:1", img), push(t, host, "bob", "bank:2", index)); err != nil {
		t.Fatal(err)
	}
	return host, img
}

func TestCopy(t *testing.T) {
	host, img := elsewhere(t)
	want, _ := img.Digest()
	s := newStore(t)
	for _, ref := range []string{host + "/bank:1", host + "/bank:2", host + "/bank@" + want.String()} {
		var last core.Bytes
		src := core.ImageSource{Ref: ref, User: "bob", Password: "secret", Trusted: true}
		a, err := s.Copy(t.Context(), "shop", src, func(done, total core.Bytes) {
			if done < last || done > total {
				t.Errorf("progress %d of %d after %d", done, total, last)
			}
			last = done
		})
		if err != nil || a.Digest != want.String() || a.Detected.Layers != 3 || last == 0 {
			t.Errorf("%s: %+v, %v", ref, a, err)
		}
	}
	_, own := serve(t, s)
	readable(t, own, "shop", want.String())
}

func TestCopyRefused(t *testing.T) {
	host, _ := elsewhere(t)
	s := newStore(t)
	copy := func(ref, password string) error {
		src := core.ImageSource{Ref: ref, User: "bob", Password: password, Trusted: true}
		_, err := s.Copy(t.Context(), "shop", src, nil)
		return err
	}
	expectError(t, copy(host+"/bank:1", "wrong"), core.EUNAUTHORIZED, "error.image_registry_denied")
	expectError(t, copy(host+"/shop:1", "secret"), core.EUNAUTHORIZED, "error.image_registry_denied")
	expectError(t, copy(host+"/bank:9", "secret"), core.ENOTFOUND, "error.image_unknown")
	expectError(t, copy(closedPort(t)+"/bank:1", "secret"), core.EUNREACHABLE, "error.image_registry_unreachable")
	expectError(t, copy("registry.invalid/bank:1", "secret"), core.EUNREACHABLE, "error.image_registry_unreachable")
	expectError(t, copy("docker-archive:/no/such/file.tar", ""), core.ENOTFOUND, "error.image_file_missing")
}

func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Row 18: names that are none, and addresses that people may not reach through Berth.
func TestCopyRefusesNames(t *testing.T) {
	s := newStore(t, func(o *imageOptions) { o.Host = "berth.example:8080" })
	for _, ref := range []string{
		"", "x;id", "-v", "NGINX", "Registry.example/App", "a b", "$(id)", "`id`", "x\nid", "../x", "http://x/y", "x@sha256:1",
		"docker-archive:/etc/passwd", "oci-archive:/etc/passwd", "docker-daemon:shop:1", "user:pw@host/x", "[::ffff:127.0.0.1]:1/x", strings.Repeat("a", 300),
	} {
		_, err := s.Copy(t.Context(), "shop", core.ImageSource{Ref: ref}, nil)
		e, ok := errors.AsType[*core.Error](err)
		if !ok || e.Code != core.EINVALID || len(e.Fields) != 1 || e.Fields[0].Field != "image" {
			t.Errorf("%q: %v", ref, err)
		}
	}
	_, err := s.Copy(t.Context(), "shop", core.ImageSource{Ref: "berth.example:8080/bank:1"}, nil)
	expectError(t, err, core.ENOTFOUND, "error.not_found")
}

func TestCopyRefusesAddresses(t *testing.T) {
	s := newStore(t)
	for _, host := range []string{
		"127.0.0.1:1", "localhost:1", "127.1.2.3", "[::1]:1", "0.0.0.0:1", "10.1.2.3", "192.168.0.1:443",
		"172.17.0.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16", "[fe80::1]:443", "[fd00:ec2::254]:443",
		"[64:ff9b::7f00:1]:443", "[2002:7f00:1::]:443", "224.0.0.1", "255.255.255.255",
	} {
		_, err := s.Copy(t.Context(), "shop", core.ImageSource{Ref: host + "/app:1"}, nil)
		expectError(t, err, core.EINVALID, "error.image_address")
	}
}

func TestCopyFromAllowedNetwork(t *testing.T) {
	host, img := elsewhere(t)
	_, port, _ := net.SplitHostPort(host)
	s := newStore(t, func(o *imageOptions) { o.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	src := core.ImageSource{Ref: "localhost:" + port + "/bank:1", User: "bob", Password: "secret"}
	want, _ := img.Digest()
	if a, err := s.Copy(t.Context(), "shop", src, nil); err != nil || a.Digest != want.String() {
		t.Errorf("%+v, %v", a, err)
	}
}

// A registry whose layers are not what their digest says, or break off.
func TestCopyChecksLayers(t *testing.T) {
	host, _ := elsewhere(t)
	for name, c := range map[string]struct {
		spoil func(w http.ResponseWriter, r *http.Request, size int64, body io.Reader)
		code  core.Code
		key   string
	}{
		"changed": {func(w http.ResponseWriter, _ *http.Request, size int64, _ io.Reader) {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			io.CopyN(w, zeros{}, size)
		}, core.EINVALID, "error.image_digest"},
		"broken off": {func(w http.ResponseWriter, _ *http.Request, size int64, body io.Reader) {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			io.CopyN(w, body, size/2)
			panic(http.ErrAbortHandler)
		}, core.EUNREACHABLE, "error.image_registry_unreachable"},
		"stalled": {func(w http.ResponseWriter, r *http.Request, size int64, body io.Reader) {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			io.CopyN(w, body, size/2)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, core.EUNREACHABLE, "error.image_registry_unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := newStore(t, func(o *imageOptions) { o.Dir, o.Patience = dir, 100*time.Millisecond })
			src := core.ImageSource{Ref: spoilt(t, host, c.spoil) + "/bank:1", User: "bob", Password: "secret", Trusted: true}
			_, err := s.Copy(t.Context(), "shop", src, nil)
			expectError(t, err, c.code, c.key)
			if files := filesIn(t, dir); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// spoilt stands before a registry and spoils blobs of more than a megabyte.
func spoilt(t testing.TB, host string, spoil func(w http.ResponseWriter, r *http.Request, size int64, body io.Reader)) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		req := r.Clone(r.Context())
		req.URL.Scheme, req.URL.Host, req.RequestURI = "http", host, ""
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		for k, v := range res.Header {
			w.Header()[k] = v
		}
		if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/") && res.ContentLength > 1<<20 {
			spoil(w, r, res.ContentLength, res.Body)
			return
		}
		w.WriteHeader(res.StatusCode)
		io.Copy(w, res.Body)
	}))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// The operator's catalogue names files, and images of the engine.
func TestCopyFromMachine(t *testing.T) {
	docker, oci := testenv.Archive(t, testenv.ImageOptions{}), testenv.OCIArchive(t, testenv.ImageOptions{Gzip: true})
	id := testenv.Load(t, docker)
	s := newStore(t, func(o *imageOptions) {
		o.Export = func(ctx context.Context, ref string) (io.ReadCloser, error) {
			return testenv.Docker(t).ImageSave(ctx, []string{ref})
		}
	})
	for _, ref := range []string{"docker-archive:" + docker, "oci-archive:" + oci, "oci-archive:" + oci + ":1.0", "docker-daemon:" + id} {
		var done core.Bytes
		a, err := s.Copy(t.Context(), "redis", core.ImageSource{Ref: ref, Trusted: true}, func(d, _ core.Bytes) { done = d })
		if err != nil || a.Detected.Port != 8080 || done == 0 {
			t.Errorf("%s: %+v, %v after %s", ref, a, err, done.Human())
		}
	}
}

// What skopeo writes is taken: its archives alias layers, and its OCI archives are packed.
func TestImportFromSkopeo(t *testing.T) {
	source := testenv.Archive(t, testenv.ImageOptions{Layers: 3})
	s := newStore(t)
	for _, kind := range []string{"docker-archive", "oci-archive"} {
		path := t.TempDir() + "/image.tar"
		out, err := exec.Command("skopeo", "--insecure-policy", "copy", "docker-archive:"+source, kind+":"+path+":shop:1").CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if a := importFile(t, s, "shop", path); a.Detected.Layers != 4 {
			t.Errorf("%s: %+v", kind, a)
		}
		_, host := serve(t, s)
		out, err = exec.Command("skopeo", "--insecure-policy", "copy", "--dest-creds", "alice:secret", "--dest-tls-verify=false",
			kind+":"+path, "docker://"+host+"/tea:"+kind).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}
