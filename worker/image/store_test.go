package image_test

import (
	"context"
	"io"
	"os"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/image"
)

type imageOptions = image.Options

// newStore opens a store that goes with the test.
func newStore(t testing.TB, change ...func(*imageOptions)) *image.Store {
	t.Helper()
	o := imageOptions{Dir: t.TempDir()}
	for _, f := range change {
		f(&o)
	}
	s, err := image.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// importFile imports an archive and expects it to be taken.
func importFile(t testing.TB, s *image.Store, repo, path string) core.Artifact {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	a, err := s.Import(context.Background(), repo, f)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestImport(t *testing.T) {
	for name, path := range map[string]string{
		"docker":      testenv.Archive(t, testenv.ImageOptions{Layers: 3}),
		"docker gzip": testenv.Archive(t, testenv.ImageOptions{Gzip: true}),
		"oci":         testenv.OCIArchive(t, testenv.ImageOptions{Compress: true, Layers: 2}),
		"oci gzip":    testenv.OCIArchive(t, testenv.ImageOptions{Gzip: true}),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			a := importFile(t, s, "shop", path)
			got, err := s.Inspect(context.Background(), "shop", a.Digest)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v", got)
			if got.Detected.Port != 8080 || !got.Detected.Root || got.Detected.Arch != "amd64" {
				t.Errorf("detected %+v", got.Detected)
			}
		})
	}
}

// reading is a context that ends when so much was read.
type reading struct {
	context.Context
	r      io.Reader
	left   int
	cancel context.CancelFunc
}

func contextAfter(t testing.TB, r io.Reader, n int) (*reading, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	return &reading{ctx, r, n, cancel}, cancel
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.left -= n; r.left < 0 {
		r.cancel()
	}
	return n, err
}
