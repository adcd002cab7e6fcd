package image_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/image"
)

// used is what du says of a folder's files.
func used(t testing.TB, dir string) core.Bytes {
	t.Helper()
	var n core.Bytes
	for _, f := range filesIn(t, dir) {
		var st syscall.Stat_t
		if err := syscall.Stat(f, &st); err != nil {
			t.Fatal(err)
		}
		n += core.Bytes(st.Blocks * 512)
	}
	return n
}

func collect(t testing.TB, s *image.Store) core.Bytes {
	t.Helper()
	freed, err := s.CollectGarbage(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return freed
}

func TestDeletedImageGivesDiskBack(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	kept := importFile(t, s, "shop", testenv.Archive(t, testenv.ImageOptions{Version: "1"}))
	before := used(t, dir)
	gone := importFile(t, s, "shop", testenv.Archive(t, testenv.ImageOptions{Version: "2", Extra: 8 * core.MiB}))
	if err := s.Link(t.Context(), "shop", gone.Digest, "shop", "2.0"); err != nil {
		t.Fatal(err)
	}
	if freed := collect(t, s); freed != 0 {
		t.Errorf("collected %s of images that are there", freed.Human())
	}
	for range 2 {
		if err := s.Delete(t.Context(), "shop", gone.Digest); err != nil {
			t.Fatal(err)
		}
	}
	if freed := collect(t, s); freed < 8*core.MiB {
		t.Errorf("collected %s", freed.Human())
	}
	if after := used(t, dir); after > before {
		t.Errorf("%s on disk, %s before", after.Human(), before.Human())
	}
	if _, err := s.Inspect(t.Context(), "shop", gone.Digest); core.ErrorCode(err) != core.ENOTFOUND {
		t.Errorf("still there: %v", err)
	}
	if _, err := s.Inspect(t.Context(), "shop", kept.Digest); err != nil {
		t.Errorf("the other one is gone: %v", err)
	}
}

func TestLinkSharesAnImage(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	staging := core.StagingRepository(core.NewID())
	a := importFile(t, s, staging, testenv.Archive(t, testenv.ImageOptions{}))
	if err := s.Link(t.Context(), staging, a.Digest, "shop", "1.0"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteRepository(t.Context(), staging); err != nil {
		t.Fatal(err)
	}
	collect(t, s)
	_, host := serve(t, s)
	readable(t, host, "shop", "1.0")
	if got, err := s.Inspect(t.Context(), "shop", a.Digest); err != nil || got.Digest != a.Digest {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.Link(t.Context(), "shop", a.Digest, "tea", ""); err != nil {
		t.Error(err)
	}
	if err := s.Link(t.Context(), staging, a.Digest, "tea", "1"); core.ErrorCode(err) != core.ENOTFOUND {
		t.Errorf("linked what is gone: %v", err)
	}
	for _, repo := range []string{"shop", "tea", "tea", "Never Was"} {
		if err := s.DeleteRepository(t.Context(), repo); err != nil {
			t.Error(err)
		}
	}
	collect(t, s)
	if files := filesIn(t, dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// The images of an index go with the one that is a version, but not what another index still needs.
func TestDeleteTakesIndexAlong(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	g, host := serve(t, s)
	amd1, amd2 := testenv.Image(t, testenv.ImageOptions{}), testenv.Image(t, testenv.ImageOptions{})
	arm, old := testenv.Image(t, testenv.ImageOptions{Arch: "arm64"}), testenv.Image(t, testenv.ImageOptions{Arch: "386"})
	index := func(images map[string]v1.Image) v1.ImageIndex {
		i := v1.ImageIndex(empty.Index)
		for arch, img := range images {
			i = mutate.AppendManifests(i, platform(img, arch))
		}
		return i
	}
	for tag, i := range map[string]v1.ImageIndex{
		"1": index(map[string]v1.Image{"amd64": amd1, "arm64": arm, "386": old}),
		"2": index(map[string]v1.Image{"amd64": amd2, "arm64": arm}),
	} {
		if err := push(t, host, "alice", "shop:"+tag, i); err != nil {
			t.Fatal(err)
		}
	}
	a, _ := g.version("shop:1")
	if err := s.Delete(t.Context(), "shop", a.Digest); err != nil {
		t.Fatal(err)
	}
	collect(t, s)
	alice := client{t, host, "alice"}
	there := func(status int, img v1.Image) {
		d, _ := img.Digest()
		alice.expect(status, "GET", "/v2/shop/manifests/"+d.String(), nil)
	}
	there(404, amd1)
	there(404, old)
	there(200, amd2)
	there(200, arm)
	alice.expect(404, "GET", "/v2/shop/manifests/1", nil)
	alice.expect(200, "GET", "/v2/shop/manifests/2", nil)
}

// A push may rest between its blobs and its manifest, and may rely on a blob that was there already.
func TestGarbageWaitsForPushes(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	s := newStore(t)
	image.SetClock(s, clock)
	_, host := serve(t, s)
	alice := client{t, host, "alice"}
	fresh := alice.upload("shop", []byte("a layer on its way"))
	idle, _ := alice.expect(202, "POST", "/v2/shop/blobs/uploads/", nil)
	collect(t, s)
	alice.expect(200, "HEAD", "/v2/shop/blobs/"+fresh, nil)
	alice.expect(204, "GET", idle.Header.Get("Location"), nil)

	img := testenv.Image(t, testenv.ImageOptions{})
	if err := push(t, host, "alice", "shop:1", img); err != nil {
		t.Fatal(err)
	}
	layers, _ := img.Layers()
	reused, _ := layers[0].Digest()
	alice.expect(200, "HEAD", "/v2/shop/blobs/"+reused.String(), nil) // a second push makes sure of it
	digest, _ := img.Digest()
	if err := s.Delete(t.Context(), "shop", digest.String()); err != nil {
		t.Fatal(err)
	}
	collect(t, s)
	alice.expect(200, "HEAD", "/v2/shop/blobs/"+reused.String(), nil)

	now = now.Add(25 * time.Hour)
	if freed := collect(t, s); freed == 0 {
		t.Error("what was given up stays")
	}
	alice.expect(404, "HEAD", "/v2/shop/blobs/"+fresh, nil)
	alice.expect(404, "HEAD", "/v2/shop/blobs/"+reused.String(), nil)
	alice.expect(404, "GET", idle.Header.Get("Location"), nil)
}

// Pushes, imports and deletions beside a collection that never rests: what was accepted can be read.
func TestGarbageBesideEverything(t *testing.T) {
	s := newStore(t)
	_, host := serve(t, s)
	ctx, stop := context.WithCancel(t.Context())
	var collecting sync.WaitGroup
	collecting.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.CollectGarbage(context.Background()); err != nil {
				t.Error("collect: ", err)
			}
		}
	})
	layer := okLayer(t)
	var working sync.WaitGroup
	for i := range 4 {
		working.Go(func() {
			for j := range 10 {
				own := tarOf(t, entry{name: fmt.Sprint(i, j)})
				a, err := s.Import(ctx, "tea", bytes.NewReader(tarOf(t, dockerEntries(layer, own)...)))
				if err != nil {
					t.Error("import: ", err)
					continue
				}
				readable(t, host, "tea", a.Digest)
				if err := s.Delete(ctx, "tea", a.Digest); err != nil {
					t.Error("delete: ", err)
				}
				img := tiny(t, layer, own)
				if err := push(t, host, "alice", fmt.Sprintf("shop:%d.%d", i, j), img); err != nil {
					t.Error("push: ", err)
					continue
				}
				d, _ := img.Digest()
				readable(t, host, "shop", d.String())
				if err := s.Delete(ctx, "shop", d.String()); err != nil {
					t.Error("delete: ", err)
				}
			}
		})
	}
	working.Wait()
	stop()
	collecting.Wait()
}

// tiny is an image of plain layers.
func tiny(t testing.TB, layers ...[]byte) v1.Image {
	t.Helper()
	img := v1.Image(empty.Image)
	for _, l := range layers {
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer(l, types.DockerUncompressedLayer)); err != nil {
			t.Fatal(err)
		}
	}
	return img
}

// readable fetches an image with all its blobs.
func readable(t testing.TB, host, repo, digest string) {
	alice := client{t, host, "alice"}
	_, manifest := alice.expect(200, "GET", "/v2/"+repo+"/manifests/"+digest, nil, "Accept",
		"application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")
	for _, blob := range strings.Split(manifest, `"digest":"`)[1:] {
		alice.expect(200, "GET", "/v2/"+repo+"/blobs/"+blob[:71], nil)
	}
}

// A process that was killed in the middle leaves nothing that its successor keeps.
func TestNewStoreRemovesLeftovers(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	_, host := serve(t, s)
	res, _ := client{t, host, "alice"}.expect(202, "POST", "/v2/shop/blobs/uploads/", nil)
	client{t, host, "alice"}.expect(202, "PATCH", res.Header.Get("Location"), strings.NewReader("half a layer"))
	newStore(t, func(o *imageOptions) { o.Dir = dir })
	if files := filesIn(t, dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
	if _, err := os.Stat(filepath.Join(dir, "docker")); err != nil {
		t.Error(err)
	}
}
