package image_test

import (
	"crypto/rand"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// smallDisk is a file system of its own.
func smallDisk(t testing.TB, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("berth-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatal("mount a small disk, which root may do: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// noise are random bytes without an end of their own.
func noise(n int64) io.Reader { return io.LimitReader(rand.Reader, n) }

// F12: the disk fills up under a push and under an import. Both say so, leave nothing, and pulls go on.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "24m")
	s := newStore(t, func(o *imageOptions) { o.Dir, o.MinFree = dir, core.MiB })
	_, host := serve(t, s)
	alice := client{t, host, "alice"}
	if err := push(t, host, "alice", "shop:1", testenv.Image(t, testenv.ImageOptions{})); err != nil {
		t.Fatal(err)
	}
	before := used(t, dir)

	res, _ := alice.expect(202, "POST", "/v2/shop/blobs/uploads/", nil)
	at := res.Header.Get("Location")
	_, body := alice.expect(507, "PATCH", at, noise(32<<20), "Content-Type", "application/octet-stream")
	if !strings.Contains(body, "error.disk_full") {
		t.Errorf("says %s", body)
	}
	alice.expect(404, "PATCH", at, strings.NewReader("more"))

	f, err := os.Open(testenv.Archive(t, testenv.ImageOptions{Extra: 32 * core.MiB}))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = s.Import(t.Context(), "shop", f)
	expectError(t, err, core.EINSUFFICIENT, "error.disk_full")

	if after := used(t, dir); after > before {
		t.Errorf("%s on disk, %s before", after.Human(), before.Human())
	}
	readable(t, host, "shop", "1")
	alice.upload("shop", []byte("there is room again"))

	fill, err := os.Create(dir + "/fill")
	if err != nil {
		t.Fatal(err)
	}
	defer fill.Close()
	if _, err := io.Copy(fill, zeros{}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	alice.expect(507, "POST", "/v2/shop/blobs/uploads/", nil)
	readable(t, host, "shop", "1")
}

// F12: a push whose connection breaks leaves nothing.
func TestBrokenOffPush(t *testing.T) {
	dir := t.TempDir()
	s := newStore(t, func(o *imageOptions) { o.Dir = dir })
	_, host := serve(t, s)
	alice := client{t, host, "alice"}
	res, _ := alice.expect(202, "POST", "/v2/shop/blobs/uploads/", nil)
	r, w := io.Pipe()
	go func() {
		io.Copy(w, noise(1<<20))
		w.CloseWithError(errors.New("cut"))
	}()
	alice.fail("PATCH", res.Header.Get("Location"), r)
	eventually(t, func() bool { return len(filesIn(t, dir)) == 0 })
}

// eventually waits for a condition.
func eventually(t testing.TB, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("it did not come true")
}
