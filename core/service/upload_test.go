package service

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/e2e/testenv"
)

// ready uploads an image and has it inspected.
func (w *world) ready(ctx context.Context, u core.Upload) core.Upload {
	w.t.Helper()
	u, err := w.BeginUpload(ctx, u)
	w.must(err)
	u, err = w.FinishUpload(ctx, u.ID, w.archive(testenv.ImageOptions{}))
	w.must(err)
	return u
}

func TestUploadBecomesAVersion(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	u, err := w.BeginUpload(ctx, core.Upload{TenantID: "tea", FileName: `C:\x\<b>shop` + "\r\n.tar", Size: 100,
		ID: "chosen", State: core.UploadReady, Digest: "sha256:x"})
	w.must(err)
	if u.ID == "chosen" || u.State != core.UploadReceiving || u.Digest != "" || u.FileName != "<b>shop.tar" {
		t.Errorf("%+v", u)
	}
	w.must(w.UploadProgress(ctx, u.ID, 40))
	got, err := w.Upload(ctx, u.ID)
	w.must(err)
	if got.Received != 40 {
		t.Errorf("%+v", got)
	}
	for _, n := range []core.Bytes{-1, 101} {
		w.refused(w.UploadProgress(ctx, u.ID, n), core.EINVALID)
	}

	app := w.app(ctx, "tea", "Shop")
	_, err = w.UseUpload(ctx, u.ID, app.ID, "1.0")
	w.refused(err, core.ECONFLICT)
	u, err = w.FinishUpload(ctx, u.ID, w.archive(testenv.ImageOptions{Port: 9090}))
	w.must(err)
	if u.State != core.UploadReady || u.Detected.Port != 9090 || u.Digest == "" || u.Received != 100 {
		t.Errorf("%+v", u)
	}
	_, err = w.FinishUpload(ctx, u.ID, unread{t})
	w.refused(err, core.ECONFLICT)
	w.refused(w.UploadProgress(ctx, u.ID, 1), core.ECONFLICT)

	v, err := w.UseUpload(ctx, u.ID, app.ID, "")
	w.must(err)
	if v.Label != "1.0" || v.Digest != u.Digest || v.Origin != u.FileName || v.Detected.Port != 9090 {
		t.Errorf("%+v", v)
	}
	_, err = w.Upload(ctx, u.ID)
	w.refused(err, core.ENOTFOUND)
	if _, err := w.images.Inspect(ctx, app.ID, v.Digest); err != nil {
		t.Error(err)
	}
	if _, err := w.images.Inspect(ctx, core.StagingRepository(u.ID), v.Digest); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error("the staged image is still there:", err)
	}
}

func TestUploadThatCannotBeUsed(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	for name, file := range map[string]io.Reader{
		"text":      strings.NewReader("just text"),
		"truncated": io.LimitReader(w.archive(testenv.ImageOptions{}), 100_000),
		"arm64":     w.archive(testenv.ImageOptions{Arch: "arm64"}),
	} {
		u, err := w.BeginUpload(ctx, core.Upload{TenantID: "tea", FileName: name})
		w.must(err)
		after, err := w.FinishUpload(ctx, u.ID, file)
		w.refused(err, core.EINVALID)
		got, gerr := w.Upload(ctx, u.ID)
		w.must(gerr)
		if after.State != core.UploadFailed || got.State != core.UploadFailed || got.Error.String() != core.ErrorMessage(err).String() {
			t.Errorf("%s: %+v", name, got)
		}
		w.must(w.CancelUpload(ctx, u.ID))
	}
}

func TestInterruptedInspectionCanBeRepeated(t *testing.T) {
	w := newWorld(t)
	member := w.member("tea", core.RoleDeveloper)
	u, err := w.BeginUpload(member, core.Upload{TenantID: "tea", FileName: "shop.tar"})
	w.must(err)
	ctx, cancel := context.WithCancel(member)
	gone := readerFunc(func([]byte) (int, error) { cancel(); return 0, context.Canceled })
	_, err = w.FinishUpload(ctx, u.ID, io.MultiReader(io.LimitReader(w.archive(testenv.ImageOptions{}), 10_000), gone))
	if err == nil {
		t.Fatal("no error")
	}
	got, err := w.Upload(member, u.ID)
	w.must(err)
	if got.State != core.UploadReceiving {
		t.Errorf("%+v", got)
	}
	got, err = w.FinishUpload(member, u.ID, w.archive(testenv.ImageOptions{}))
	w.must(err)
	if got.State != core.UploadReady {
		t.Errorf("%+v", got)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestUploadsOfOthers(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	bank := w.member("bank", core.RoleDeveloper)
	u := w.ready(ctx, core.Upload{TenantID: "tea", FileName: "shop.tar"})
	_, err := w.Upload(bank, u.ID)
	w.refused(err, core.ENOTFOUND)
	w.refused(w.CancelUpload(bank, u.ID), core.ENOTFOUND)
	app := w.app(bank, "bank", "Bank")
	_, err = w.UseUpload(bank, u.ID, app.ID, "")
	w.refused(err, core.ENOTFOUND)
	_, err = w.UseUpload(w.operator(), u.ID, app.ID, "") // not even an operator moves it to another tenant
	w.refused(err, core.ENOTFOUND)
	w.refused(w.CancelUpload(w.member("tea", core.RoleViewer), u.ID), core.EFORBIDDEN)

	for _, in := range []core.Upload{{TenantID: "bank"}, {AppID: app.ID}, {TenantID: "absent"}, {}, {AppID: "../"}} {
		_, err = w.BeginUpload(ctx, in)
		w.refused(err, core.ENOTFOUND)
	}
	_, err = w.BeginUpload(ctx, core.Upload{TenantID: "tea", Size: maxArchive + 1})
	w.refused(err, core.ETOOLARGE, "size")
	_, err = w.BeginUpload(nobody, core.Upload{TenantID: "tea"})
	w.refused(err, core.EUNAUTHORIZED)

	mine := w.app(ctx, "tea", "Shop")
	other := w.app(ctx, "tea", "Cellar")
	u = w.ready(ctx, core.Upload{AppID: mine.ID, FileName: "shop.tar"})
	_, err = w.UseUpload(ctx, u.ID, other.ID, "")
	w.refused(err, core.ENOTFOUND)
	w.version(ctx, mine.ID, "1.0")
	_, err = w.UseUpload(ctx, u.ID, mine.ID, "1.0")
	w.refused(err, core.ECONFLICT, "label")
	_, err = w.UseUpload(ctx, u.ID, mine.ID, "1.1")
	w.must(err)
}

func TestHousekeepingRemovesWhatIsOver(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	u := w.ready(ctx, core.Upload{TenantID: "tea", FileName: "shop.tar"})
	cancelled := w.ready(ctx, core.Upload{TenantID: "tea", FileName: "shop.tar"})
	for _, id := range []string{u.ID, u.ID + ".info", cancelled.ID, "another"} {
		w.must(os.WriteFile(filepath.Join(w.tempDir, id), bytes.Repeat([]byte("x"), 100), 0o600))
	}
	w.must(w.CancelUpload(ctx, cancelled.ID))
	w.must(w.store.Sessions().Create(ctx, core.Session{ID: "1", TokenHash: "old", Data: []byte("x"), ExpiresAt: w.now().Add(time.Hour)}))
	w.must(w.store.Sessions().Create(ctx, core.Session{ID: "2", TokenHash: "new", Data: []byte("x"), ExpiresAt: w.now().Add(100 * time.Hour)}))
	_, _, err := w.NewSetupLink(nobody)
	w.must(err)

	w.tidy(asSystem(nobody))
	if _, err := w.Upload(ctx, u.ID); err != nil {
		t.Error("an upload went too early:", err)
	}
	w.clock.advance(keepUpload)
	w.tidy(asSystem(nobody))
	_, err = w.Upload(ctx, u.ID)
	w.refused(err, core.ENOTFOUND)
	if _, err := w.images.Inspect(ctx, core.StagingRepository(u.ID), u.Digest); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error("the staged image is still there:", err)
	}
	files, err := os.ReadDir(w.tempDir)
	w.must(err)
	if len(files) != 1 || files[0].Name() != "another" {
		t.Error(files)
	}
	_, err = w.store.Setup().Get(ctx)
	w.refused(err, core.EGONE)
	for token, want := range map[string]bool{"old": false, "new": true} {
		if _, ok, err := w.store.Sessions().Find(ctx, token); ok != want && err == nil {
			t.Errorf("session %s: %v", token, ok)
		}
	}
}

func TestHousekeepingEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(nobody)
	done := make(chan error, 1)
	go func() { done <- w.RunHousekeeping(ctx) }()
	cancel()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}

func TestGarbageIsCollectedNowAndThen(t *testing.T) {
	var g garbage
	now := time.Now()
	if g.due(now) {
		t.Error("due without any")
	}
	g.add()
	if !g.due(now) || g.due(now) {
		t.Error("not due once")
	}
	g.add()
	if g.due(now.Add(time.Minute)) || !g.due(now.Add(collectEvery)) {
		t.Error("not due after a while")
	}
	if now = now.Add(collectEvery); g.due(now.Add(collectEvery)) || !g.due(now.Add(collectAlso)) {
		t.Error("not due for what nobody told of")
	}
}
