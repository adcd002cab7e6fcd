package image_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/image"
)

// desk is what stands behind uploads: whose they are, and what became of them.
type desk struct {
	mu       sync.Mutex
	owner    map[string]string
	metadata map[string]string
	received int64
	file     []byte
	canceled []string
	beginErr error
	finish   func(io.Reader) error
}

func (d *desk) hooks() image.UploadHooks {
	return image.UploadHooks{
		Begin: func(ctx context.Context, _ int64, m map[string]string) (string, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.beginErr != nil {
				return "", d.beginErr
			}
			id := core.NewID()
			d.owner[id], d.metadata = core.ActorFrom(ctx).Name, m
			return id, nil
		},
		Authorize: func(ctx context.Context, id string, _ bool) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.owner[id] != core.ActorFrom(ctx).Name {
				return core.NotFound()
			}
			return nil
		},
		Progress: func(_ context.Context, _ string, n int64) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.received = n
		},
		Finish: func(ctx context.Context, id string, r io.Reader) error {
			if core.ActorFrom(ctx).Name != d.owner[id] {
				return errors.New("the actor is lost")
			}
			if d.finish != nil {
				return d.finish(r)
			}
			data, err := io.ReadAll(r)
			d.mu.Lock()
			defer d.mu.Unlock()
			d.file = data
			return err
		},
		Cancel: func(_ context.Context, id string) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.canceled = append(d.canceled, id)
		},
	}
}

var statusOf = map[core.Code]int{core.EINVALID: 422, core.ENOTFOUND: 404, core.ETOOLARGE: 413, core.EINSUFFICIENT: 507, core.EUNAUTHORIZED: 401}

// receive mounts uploads as the portal does, behind what knows who comes.
func receive(t testing.TB, dir string, change ...func(*image.UploadOptions)) (*desk, *image.Uploads, client) {
	t.Helper()
	d := &desk{owner: map[string]string{}}
	o := image.UploadOptions{Dir: dir, MaxSize: core.GiB, MinFree: core.MiB, Hooks: d.hooks(),
		Problem: func(_ context.Context, err error) (int, string) {
			if status, ok := statusOf[core.ErrorCode(err)]; ok {
				return status, core.ErrorMessage(err).String()
			}
			return 500, err.Error()
		}}
	for _, f := range change {
		f(&o)
	}
	u, err := image.NewUploads(o)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := r.BasicAuth()
		u.ServeHTTP(w, r.WithContext(core.WithActor(r.Context(), core.Actor{Kind: core.ActorUser, Name: name})))
	}))
	t.Cleanup(srv.Close)
	return d, u, client{t, strings.TrimPrefix(srv.URL, "http://"), "alice"}
}

const tusVersion = "Tus-Resumable"

func (c client) begin(size int) (at string) {
	c.t.Helper()
	name := base64.StdEncoding.EncodeToString([]byte("<b>shop\r\n.tar"))
	res, _ := c.expect(201, "POST", "/uploads/", nil, tusVersion, "1.0.0", "Upload-Length", fmt.Sprint(size),
		"Upload-Metadata", "filename "+name)
	return res.Header.Get("Location")
}

// chunk are the headers of a part of a file.
func chunk(offset int) []string {
	return []string{tusVersion, "1.0.0", "Upload-Offset", fmt.Sprint(offset), "Content-Type", "application/offset+octet-stream"}
}

func (c client) offset(at string) string {
	c.t.Helper()
	res, _ := c.expect(200, "HEAD", at, nil, tusVersion, "1.0.0")
	return res.Header.Get("Upload-Offset")
}

func TestUploadResumes(t *testing.T) {
	dir := t.TempDir()
	d, _, alice := receive(t, dir)
	data := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	at := alice.begin(len(data))
	if !strings.HasPrefix(at, "/uploads/") || d.metadata["filename"] != "<b>shop\r\n.tar" {
		t.Errorf("at %q, about %q", at, d.metadata)
	}
	r, w := io.Pipe()
	go func() {
		w.Write(data[:len(data)/3])
		w.CloseWithError(errors.New("cut"))
	}()
	alice.fail("PATCH", at, r, chunk(0)...)
	come, err := 0, error(nil) // the end of what was sent may be lost with the connection
	eventually(t, func() bool {
		come, err = strconv.Atoi(alice.offset(at))
		return err == nil && come > 0
	})
	alice.expect(409, "PATCH", at, bytes.NewReader(data), chunk(0)...)
	alice.expect(204, "PATCH", at, bytes.NewReader(data[come:]), chunk(come)...)
	if !bytes.Equal(d.file, data) || d.received != int64(len(data)) {
		t.Errorf("received %d bytes, handed over %d", d.received, len(d.file))
	}
	if n := used(t, dir); n > 16*core.KiB {
		t.Errorf("%s still on disk", n.Human())
	}
	if got := alice.offset(at); got != fmt.Sprint(len(data)) {
		t.Errorf("who comes back is told that %s bytes have come", got)
	}
}

func TestUploadIsItsOwners(t *testing.T) {
	_, _, alice := receive(t, t.TempDir())
	at := alice.begin(10)
	bob := client{t, alice.host, "bob"}
	_, hidden := bob.expect(404, "PATCH", at, strings.NewReader("0123456789"), chunk(0)...)
	_, absent := bob.expect(404, "PATCH", "/uploads/"+core.NewID(), strings.NewReader("0123456789"), chunk(0)...)
	if hidden != absent {
		t.Errorf("what is hidden answers %s, what is not there %s", hidden, absent)
	}
	bob.expect(404, "HEAD", at, nil, tusVersion, "1.0.0")
	bob.expect(404, "DELETE", at, nil, tusVersion, "1.0.0")
	bob.expect(404, "POST", at, strings.NewReader("0123456789"), append(chunk(0), "X-HTTP-Method-Override", "PATCH")...)
	for _, path := range []string{"/uploads/..%2f..%2fetc%2fpasswd", "/uploads/a.info", "/uploads/a/b", at + ".info"} {
		bob.expect(404, "HEAD", path, nil, tusVersion, "1.0.0")
	}
	alice.expect(405, "GET", at, nil)
}

// Row 19: what is not wanted is refused before any of it comes, and in words.
func TestUploadRefusedAtOnce(t *testing.T) {
	d, _, alice := receive(t, t.TempDir())
	begin := func(status int, size, key string) {
		t.Helper()
		res, body := alice.expect(status, "POST", "/uploads/", nil, tusVersion, "1.0.0", "Upload-Length", size)
		var problem struct{ Message string }
		if err := json.Unmarshal([]byte(body), &problem); err != nil || !strings.HasPrefix(problem.Message, key) {
			t.Errorf("%s: %s (%s)", size, body, res.Header.Get("Content-Type"))
		}
	}
	begin(422, "0", "error.upload_empty")
	begin(413, fmt.Sprint(int64(core.GiB)+1), "error.upload_large")
	d.beginErr = core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
	begin(401, "10", "error.sign_in_first")
	_, _, full := receive(t, smallDisk(t, "4m"))
	full.expect(507, "POST", "/uploads/", nil, tusVersion, "1.0.0", "Upload-Length", fmt.Sprint(4<<20))
}

// What Finish refuses reaches the client in words, and the file goes.
func TestUploadRefusedAtTheEnd(t *testing.T) {
	dir := t.TempDir()
	d, _, alice := receive(t, dir)
	s := newStore(t)
	d.finish = func(r io.Reader) error {
		_, err := s.Import(context.Background(), "staging/x", r)
		return err
	}
	at := alice.begin(10)
	_, body := alice.expect(422, "PATCH", at, strings.NewReader("0123456789"), chunk(0)...)
	if !strings.Contains(body, "error.image_not_archive") {
		t.Errorf("says %s", body)
	}
	if files := filesIn(t, dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
	data, err := os.ReadFile(testenv.Archive(t, testenv.ImageOptions{Gzip: true}))
	if err != nil {
		t.Fatal(err)
	}
	alice.expect(204, "PATCH", alice.begin(len(data)), bytes.NewReader(data), chunk(0)...)
}

// The work at the end goes on when the client's connection breaks meanwhile.
func TestUploadFinishesWithoutClient(t *testing.T) {
	d, _, alice := receive(t, t.TempDir())
	begun, gone := make(chan struct{}), make(chan struct{})
	d.finish = func(r io.Reader) error {
		close(begun)
		<-gone
		data, err := io.ReadAll(r)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.file = data
		return err
	}
	at := alice.begin(10)
	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-begun
		leave()
		close(gone)
	}()
	req := alice.request("PATCH", at, strings.NewReader("0123456789"), chunk(0)...).WithContext(ctx)
	if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
		res.Body.Close()
	}
	eventually(t, func() bool { d.mu.Lock(); defer d.mu.Unlock(); return string(d.file) == "0123456789" })
	eventually(t, func() bool { return alice.offset(at) == "10" })
}

// F12: the disk fills up in the middle; once there is room, the upload goes on.
func TestUploadOnFullDisk(t *testing.T) {
	dir := smallDisk(t, "8m")
	_, _, alice := receive(t, dir)
	at := alice.begin(6 << 20)
	if err := os.WriteFile(dir+"/other", make([]byte, 4<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	_, body := alice.expect(507, "PATCH", at, noise(6<<20), chunk(0)...)
	if !strings.Contains(body, "error.disk_full") {
		t.Errorf("says %s", body)
	}
	if err := os.Remove(dir + "/other"); err != nil {
		t.Fatal(err)
	}
	var have int
	fmt.Sscan(alice.offset(at), &have)
	alice.expect(204, "PATCH", at, noise(6<<20-int64(have)), chunk(have)...)
}

func TestUploadIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	d, u, alice := receive(t, dir)
	at := alice.begin(10)
	alice.expect(204, "DELETE", at, nil, tusVersion, "1.0.0")
	if len(d.canceled) != 1 || len(filesIn(t, dir)) > 0 {
		t.Errorf("told of %v, left behind %v", d.canceled, filesIn(t, dir))
	}
	kept, gone := alice.begin(10), alice.begin(10)
	alice.expect(204, "PATCH", kept, strings.NewReader("0123"), chunk(0)...)
	delete(d.owner, strings.TrimPrefix(gone, "/uploads/"))
	ctx := core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, Name: "alice"})
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{time.Hour, 2}, {25 * time.Hour, 0}} {
		if err := u.RemoveStale(ctx, time.Now().Add(c.after)); err != nil || len(filesIn(t, dir)) != c.left {
			t.Errorf("after %s: %v, left %v", c.after, err, filesIn(t, dir))
		}
	}
}

// F1: a file that had arrived when the process was killed is taken by the next one.
func TestUploadIsTakenAfterRestart(t *testing.T) {
	dir := t.TempDir()
	d, u, alice := receive(t, dir)
	at := alice.begin(10)
	alice.expect(204, "PATCH", at, strings.NewReader("01234"), chunk(0)...)
	alice.begin(10) // another one, of which nothing has come yet
	f, err := os.OpenFile(dir+"/"+strings.TrimPrefix(at, "/uploads/"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString("56789"); err != nil { // killed between the last byte and Finish
		t.Fatal(err)
	}
	ctx := core.WithActor(t.Context(), core.Actor{Kind: core.ActorUser, Name: "alice"})
	for range 2 {
		if err := u.FinishInterrupted(ctx); err != nil {
			t.Fatal(err)
		}
		if string(d.file) != "0123456789" {
			t.Errorf("handed over %q", d.file)
		}
		d.finish = func(io.Reader) error { t.Error("handed over twice"); return nil }
	}
}
