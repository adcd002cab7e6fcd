package image_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"berth/core"
	"berth/e2e/testenv"
)

// client speaks the registry's protocol by hand.
type client struct {
	t          testing.TB
	host, user string
}

func (c client) do(method, path string, body io.Reader, header ...string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(c.request(method, path, body, header...))
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res, string(data)
}

func (c client) request(method, path string, body io.Reader, header ...string) *http.Request {
	c.t.Helper()
	req, err := http.NewRequest(method, "http://"+c.host+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.user != "" {
		req.SetBasicAuth(c.user, "secret")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

// fail sends a request that breaks off.
func (c client) fail(method, path string, body io.Reader, header ...string) {
	c.t.Helper()
	if res, err := http.DefaultTransport.RoundTrip(c.request(method, path, body, header...)); err == nil {
		res.Body.Close()
		c.t.Errorf("%s %s: %s, and not broken off", method, path, res.Status)
	}
}

func (c client) expect(status int, method, path string, body io.Reader, header ...string) (*http.Response, string) {
	c.t.Helper()
	res, data := c.do(method, path, body, header...)
	if res.StatusCode != status {
		c.t.Errorf("%s %s: %s %s, want %d", method, path, res.Status, data, status)
	}
	return res, data
}

// upload sends a blob and returns its digest.
func (c client) upload(repo string, data []byte) string {
	c.t.Helper()
	sum := sha256.Sum256(data)
	d := "sha256:" + hex.EncodeToString(sum[:])
	res, _ := c.expect(202, "POST", "/v2/"+repo+"/blobs/uploads/", nil)
	at := res.Header.Get("Location")
	c.expect(201, "PUT", at+"&digest="+d, bytes.NewReader(data), "Content-Type", "application/octet-stream")
	return d
}

// push sends an image as a client does.
func push(t testing.TB, host, user, ref string, img remote.Taggable) error {
	t.Helper()
	r, err := name.ParseReference(host + "/" + ref)
	if err != nil {
		t.Fatal(err)
	}
	auth := remote.WithAuth(&authn.Basic{Username: user, Password: "secret"})
	switch img := img.(type) {
	case v1.ImageIndex:
		return remote.WriteIndex(r, img, auth)
	case v1.Image:
		return remote.Write(r, img, auth)
	}
	t.Fatalf("push a %T", img)
	return nil
}

func TestDoorAsksWhoComes(t *testing.T) {
	_, host := serve(t, newStore(t))
	res, body := client{t, host, ""}.expect(401, "GET", "/v2/", nil)
	if got := res.Header.Get("WWW-Authenticate"); !strings.HasPrefix(got, "Basic ") {
		t.Errorf("challenge %q", got)
	}
	if !strings.Contains(body, `"UNAUTHORIZED"`) {
		t.Errorf("body %s", body)
	}
	client{t, host, "alice"}.expect(200, "GET", "/v2/", nil)
}

func TestDoorKeepsOthersOut(t *testing.T) {
	_, host := serve(t, newStore(t))
	alice, bob := client{t, host, "alice"}, client{t, host, "bob"}
	if err := push(t, host, "bob", "bank:1", testenv.Image(t, testenv.ImageOptions{})); err != nil {
		t.Fatal(err)
	}
	secret := bob.upload("bank", []byte("bob's"))
	bob.expect(200, "HEAD", "/v2/bank/blobs/"+secret, nil)

	alice.expect(403, "GET", "/v2/bank/tags/list", nil)
	alice.expect(403, "GET", "/v2/bank/manifests/1", nil)
	alice.expect(403, "GET", "/v2/bank/blobs/"+secret, nil)
	alice.expect(403, "POST", "/v2/bank/blobs/uploads/", nil)
	alice.expect(403, "PUT", "/v2/bank/manifests/2", strings.NewReader("{}"))
	_, hidden := alice.expect(403, "GET", "/v2/bank/tags/list", nil)
	_, absent := alice.expect(403, "GET", "/v2/nothing/tags/list", nil)
	if hidden != absent {
		t.Errorf("what is hidden answers %s, what is not there %s", hidden, absent)
	}

	mount := "/v2/shop/blobs/uploads/?mount=" + secret + "&from="
	alice.expect(403, "POST", mount+"bank", nil)
	alice.expect(404, "HEAD", "/v2/shop/blobs/"+secret, nil)
	form := strings.NewReader("from=bank&mount=" + secret)
	alice.expect(400, "POST", "/v2/shop/blobs/uploads/", form, "Content-Type", "application/x-www-form-urlencoded")
	own := alice.upload("tea", []byte("alice's"))
	alice.expect(201, "POST", "/v2/shop/blobs/uploads/?from=tea&mount="+own, nil)
	alice.expect(200, "HEAD", "/v2/shop/blobs/"+own, nil)
}

func TestDoorReadsAddressesOneWay(t *testing.T) {
	_, host := serve(t, newStore(t))
	alice := client{t, host, "alice"}
	for _, path := range []string{
		"/v2/shop/..%2fbank/tags/list", "/v2/shop%2f..%2fbank/tags/list", "/v2/shop/../bank/tags/list",
		"/v2//bank/tags/list", "/v2/shop/%2e%2e/bank/tags/list", "/v2/SHOP/tags/list", "/v3/", "/v2/shop",
	} {
		alice.expect(404, "GET", path, nil)
	}
}

func TestDoorListsOwnRepositories(t *testing.T) {
	_, host := serve(t, newStore(t))
	for _, app := range []string{"shop", "bank", "tea"} {
		if err := push(t, host, owners[app], app+":1", testenv.Image(t, testenv.ImageOptions{})); err != nil {
			t.Fatal(err)
		}
	}
	alice := client{t, host, "alice"}
	if _, body := alice.expect(200, "GET", "/v2/_catalog", nil); strings.TrimSpace(body) != `{"repositories":["shop","tea"]}` {
		t.Errorf("repositories %s", body)
	}
	res, body := alice.expect(200, "GET", "/v2/_catalog?n=1", nil)
	if strings.TrimSpace(body) != `{"repositories":["shop"]}` || !strings.Contains(res.Header.Get("Link"), "last=shop") {
		t.Errorf("first page %s, next %q", body, res.Header.Get("Link"))
	}
	alice.expect(405, "POST", "/v2/_catalog", nil)
}

func TestDoorHoldsUploadsToTheirRange(t *testing.T) {
	_, host := serve(t, newStore(t))
	alice := client{t, host, "alice"}
	res, _ := alice.expect(202, "POST", "/v2/shop/blobs/uploads/", nil)
	at := res.Header.Get("Location")
	if strings.Contains(at, "://") {
		t.Errorf("location %q names a host", at)
	}
	alice.expect(416, "PATCH", at, strings.NewReader("abc"), "Content-Range", "5-7", "Content-Length", "3")
	res, _ = alice.expect(202, "PATCH", at, strings.NewReader("abc"), "Content-Range", "0-2")
	alice.expect(416, "PATCH", res.Header.Get("Location"), strings.NewReader("abc"), "Content-Range", "0-2")
	alice.expect(400, "PUT", res.Header.Get("Location")+"&digest=sha256:"+strings.Repeat("0", 64), nil)
}

func TestDoorRemovesNothing(t *testing.T) {
	_, host := serve(t, newStore(t))
	img := testenv.Image(t, testenv.ImageOptions{})
	if err := push(t, host, "alice", "shop:1", img); err != nil {
		t.Fatal(err)
	}
	digest, _ := img.Digest()
	config, _ := img.ConfigName()
	alice := client{t, host, "alice"}
	alice.expect(403, "DELETE", "/v2/shop/manifests/1", nil)
	alice.expect(403, "DELETE", "/v2/shop/manifests/"+digest.String(), nil)
	alice.expect(403, "DELETE", "/v2/shop/blobs/"+config.String(), nil)
	alice.expect(200, "GET", "/v2/shop/manifests/1", nil)
}

// An index for several architectures is a version of the image for the hosts; its parts alone are none.
func TestPushIndex(t *testing.T) {
	s := newStore(t)
	g, host := serve(t, s)
	amd, arm := testenv.Image(t, testenv.ImageOptions{}), testenv.Image(t, testenv.ImageOptions{Arch: "arm64"})
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), platform(amd, "amd64"), platform(arm, "arm64"))
	if err := push(t, host, "alice", "shop:2", index); err != nil {
		t.Fatal(err)
	}
	want, _ := amd.Digest()
	a, ok := g.version("shop:2")
	if !ok || a.Digest != want.String() || a.Detected.Arch != "amd64" {
		t.Errorf("version %+v, want %s", a, want)
	}
	if len(g.pushed) != 1 {
		t.Errorf("recorded %v", g.pushed)
	}
	foreign := mutate.AppendManifests(empty.Index, platform(arm, "arm64"), platform(arm2(t), "s390x"))
	if err := push(t, host, "alice", "shop:3", foreign); err == nil || !strings.Contains(err.Error(), "error.image_arch_missing") {
		t.Errorf("an index without our architecture: %v", err)
	}
	digest, _ := index.Digest()
	if got, err := s.Inspect(t.Context(), "shop", digest.String()); err != nil || got.Digest != want.String() {
		t.Errorf("inspected the index: %+v, %v", got, err)
	}
}

func arm2(t testing.TB) v1.Image { return testenv.Image(t, testenv.ImageOptions{Arch: "s390x"}) }

func platform(img v1.Image, arch string) mutate.IndexAddendum {
	return mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}}
}

// What the gate refuses leaves neither tag nor manifest behind.
func TestRefusedPushLeavesNothing(t *testing.T) {
	g, host := serve(t, newStore(t))
	g.refuses(core.Errorf(core.EINVALID, "error.arch"))
	img := testenv.Image(t, testenv.ImageOptions{})
	if err := push(t, host, "alice", "shop:1", img); err == nil {
		t.Fatal("not refused")
	}
	alice := client{t, host, "alice"}
	digest, _ := img.Digest()
	alice.expect(404, "GET", "/v2/shop/manifests/1", nil)
	alice.expect(404, "GET", fmt.Sprintf("/v2/shop/manifests/%s", digest), nil)
	g.refuses(nil)
	if err := push(t, host, "alice", "shop:1", img); err != nil {
		t.Error("not taken afterwards: ", err)
	}
}

// Fifty pushes of the same label: one is taken, and whoever was told so finds the image under the label.
func TestPushSameLabelAtOnce(t *testing.T) {
	s := newStore(t)
	g, host := serve(t, s)
	var taken atomic.Int32
	var pushes sync.WaitGroup
	for i := range 50 {
		pushes.Go(func() {
			img := tiny(t, tarOf(t, entry{name: fmt.Sprint(i % 25)})) // every image twice
			if push(t, host, "alice", "shop:1", img) == nil {
				taken.Add(1)
			}
			s.CollectGarbage(t.Context())
		})
	}
	pushes.Wait()
	if n := taken.Load(); n < 1 || n > 2 {
		t.Errorf("%d were taken", n)
	}
	a, _ := g.version("shop:1")
	res, _ := client{t, host, "alice"}.expect(200, "HEAD", "/v2/shop/manifests/1", nil, "Accept", string(types.DockerManifestSchema2))
	if got := res.Header.Get("Docker-Content-Digest"); got != a.Digest {
		t.Errorf("the label leads to %s, the version is %s", got, a.Digest)
	}
	readable(t, host, "shop", a.Digest)
	if _, body := (client{t, host, "alice"}).expect(200, "GET", "/v2/shop/tags/list", nil); !strings.Contains(body, `["1"]`) {
		t.Errorf("tags %s", body)
	}
}

// What Import refuses in a layer is refused when it is pushed: rows 21 and 22 for whoever has a docker command.
func TestPushChecksLayers(t *testing.T) {
	g, host := serve(t, newStore(t))
	hole := make([]byte, 128<<20)
	for key, layer := range map[string][]byte{
		"error.image_layer_device":      tarOf(t, entry{name: "dev/sda", kind: tar.TypeBlock}),
		"error.image_layer_escapes":     tarOf(t, entry{name: "../../etc/x"}),
		"error.image_layer_broken":      bytes.Repeat([]byte("rubbish "), 200),
		"error.image_layer_compression": []byte("\x28\xb5\x2f\xfd0000"),
		"error.image_bomb":              gzipOf(t, tarOf(t, entry{name: "zeros", data: hole})),
	} {
		config := fmt.Sprintf(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}`, hexOf(layer))
		manifest := pushable(client{t, host, "alice"}, config, layer)
		_, body := client{t, host, "alice"}.expect(400, "PUT", "/v2/shop/manifests/1", strings.NewReader(manifest),
			"Content-Type", string(types.OCIManifestSchema1))
		if !strings.Contains(body, key) {
			t.Errorf("%s: %s", key, body)
		}
	}
	honest := tarOf(t, entry{name: "a"})
	manifest := pushable(client{t, host, "alice"}, `{"rootfs":{"diff_ids":["sha256:`+strings.Repeat("0", 64)+`"]}}`, honest)
	_, body := client{t, host, "alice"}.expect(400, "PUT", "/v2/shop/manifests/1", strings.NewReader(manifest),
		"Content-Type", string(types.OCIManifestSchema1))
	if !strings.Contains(body, "error.image_layer_digest") || len(g.pushed) > 0 {
		t.Errorf("%s, recorded %v", body, g.pushed)
	}
}

// pushable uploads an image's parts and returns its manifest.
func pushable(c client, config string, layer []byte) string {
	c.t.Helper()
	return fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"digest":%q,"size":%d},"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
		types.OCIManifestSchema1, types.OCIConfigJSON, c.upload("shop", []byte(config)), len(config),
		types.OCIUncompressedLayer, c.upload("shop", layer), len(layer))
}
