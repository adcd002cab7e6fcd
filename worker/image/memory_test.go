package image_test

import (
	"archive/tar"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"berth/core"
)

// large is a docker save archive with one layer of so many bytes, made while it is read. The layer holds text that
// repeats, which gzip would shrink; it is stored as it is.
func large(t testing.TB, size int64) io.Reader {
	t.Helper()
	sum := digest.Canonical.Digester()
	length, err := io.Copy(sum.Hash(), largeLayer(size))
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		err := out.WriteHeader(&tar.Header{Name: "l/layer.tar", Mode: 0o644, Size: length})
		if err == nil {
			_, err = io.Copy(out, largeLayer(size))
		}
		for _, d := range dockerDocuments([]string{sum.Digest().String()}, []string{"l/layer.tar"}) {
			if err == nil {
				err = out.WriteHeader(&tar.Header{Name: d.name, Mode: 0o644, Size: int64(len(d.data))})
			}
			if err == nil {
				_, err = out.Write(d.data)
			}
		}
		if err == nil {
			err = out.Close()
		}
		w.CloseWithError(err)
	}()
	return r
}

func largeLayer(size int64) io.Reader {
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		err := out.WriteHeader(&tar.Header{Name: "data", Mode: 0o644, Size: size})
		if err == nil {
			_, err = io.CopyN(out, lines{}, size)
		}
		if err == nil {
			err = out.Close()
		}
		w.CloseWithError(err)
	}()
	return r
}

type lines struct{}

func (lines) Read(p []byte) (int, error) {
	const line = "a line of text that repeats\n"
	for i := 0; i < len(p); i += copy(p[i:], line) {
	}
	return len(p), nil
}

// peak forgets the process' peak of memory and returns a function that reads how far it has grown since.
func peak(t testing.TB) func() core.Bytes {
	t.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	before := status(t, "VmRSS:")
	return func() core.Bytes { return status(t, "VmHWM:") - before }
}

func status(t testing.TB, name string) core.Bytes {
	t.Helper()
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), name)
	var n core.Bytes
	if _, err := fmt.Sscan(rest, &n); err != nil {
		t.Fatal(err)
	}
	return n * core.KiB
}

// What is large never lies in memory: not when it is imported, nor pushed, nor uploaded.
func TestLargeImagesLieOnDisk(t *testing.T) {
	const size = 256 << 20
	s := newStore(t)
	_, host := serve(t, s)
	for name, bring := range map[string]func(){
		"import": func() {
			if _, err := s.Import(t.Context(), "shop", large(t, size)); err != nil {
				t.Error(err)
			}
		},
		"push": func() {
			res, _ := client{t, host, "alice"}.expect(202, "POST", "/v2/shop/blobs/uploads/", nil)
			client{t, host, "alice"}.expect(202, "PATCH", res.Header.Get("Location"), io.LimitReader(lines{}, size))
		},
		"upload": func() {
			d, _, alice := receive(t, t.TempDir())
			d.finish = func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }
			req := alice.request("PATCH", alice.begin(size), io.LimitReader(lines{}, size), chunk(0)...)
			req.ContentLength = size
			res, err := http.DefaultTransport.RoundTrip(req)
			if err != nil || res.StatusCode != 204 {
				t.Error(res, err)
			}
		},
	} {
		grown := peak(t)
		bring()
		if n := grown(); n > 48*core.MiB {
			t.Errorf("%s of %d MiB took %s of memory", name, size>>20, n.Human())
		}
	}
}

func BenchmarkImport(b *testing.B) {
	const size = 1 << 30
	for b.Loop() {
		b.StopTimer()
		s := newStore(b)
		r := large(b, size)
		grown := peak(b)
		b.StartTimer()
		a, err := s.Import(b.Context(), "shop", r)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(grown())/float64(core.MiB), "MiB-RSS")
		b.StopTimer()
		if err := s.Delete(b.Context(), "shop", a.Digest); err != nil {
			b.Fatal(err)
		}
		collect(b, s)
		b.StartTimer()
	}
	b.SetBytes(size)
}

func BenchmarkInspect(b *testing.B) {
	s := newStore(b)
	a, err := s.Import(b.Context(), "shop", large(b, 1<<20))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Inspect(b.Context(), "shop", a.Digest); err != nil {
			b.Fatal(err)
		}
	}
}
