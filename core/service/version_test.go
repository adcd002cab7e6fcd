package service

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"

	"berth/core"
	"berth/e2e/testenv"
)

func TestImportVersion(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	v := w.version(ctx, app.ID, "1.0")
	if v.Detected.Port != 8080 || v.Author != "Tina" || v.Source != core.SourceUpload || v.Size == 0 {
		t.Errorf("%+v", v)
	}
	if _, err := w.images.Inspect(ctx, app.ID, v.Digest); err != nil {
		t.Error(err)
	}
	for _, label := range []string{"", "1.2.9", ""} {
		w.version(ctx, app.ID, label)
	}
	versions, err := w.Versions(ctx, app.ID)
	w.must(err)
	var labels []string
	for _, v := range versions {
		labels = append(labels, v.Label)
	}
	slices.Sort(labels)
	if !slices.Equal(labels, []string{"1.0", "1.1", "1.2.10", "1.2.9"}) {
		t.Error(labels)
	}
	got, err := w.Version(ctx, app.ID, "1.0")
	w.must(err)
	if got.Digest != v.Digest {
		t.Errorf("%+v", got)
	}
	_, err = w.Version(ctx, app.ID, "9.9")
	w.refused(err, core.ENOTFOUND)
}

func TestImportIsRefusedBeforeTheBodyIsRead(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	w.version(ctx, app.ID, "1.0")
	_, err := w.ImportVersion(ctx, app.ID, "1.0", -1, unread{t})
	w.refused(err, core.ECONFLICT, "label")
	for _, label := range []string{"-v", ".x", "a b", "a/b", "x;id", "../x"} {
		_, err = w.ImportVersion(ctx, app.ID, label, -1, unread{t})
		w.refused(err, core.EINVALID, "label")
	}
	_, err = w.ImportVersion(ctx, app.ID, "2.0", int64(maxArchive)+1, unread{t})
	w.refused(err, core.ETOOLARGE, "size")
}

func TestRefusedImagesLeaveNothing(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	arm := w.archive(testenv.ImageOptions{Arch: "arm64"})
	_, err := w.ImportVersion(ctx, app.ID, "1.0", -1, arm)
	w.refused(err, core.EINVALID)
	_, err = w.ImportVersion(ctx, app.ID, "1.0", -1, bytes.NewBufferString("no archive"))
	w.refused(err, core.EINVALID)
	_, err = w.ImportVersion(ctx, app.ID, "1.0", -1, io.MultiReader(io.LimitReader(w.archive(testenv.ImageOptions{}), 50_000), broken{}))
	if err == nil {
		t.Error("a broken body was taken")
	}
	versions, err := w.Versions(ctx, app.ID)
	w.must(err)
	if len(versions) != 0 {
		t.Error(versions)
	}
	w.must(w.store.Hosts().Put(ctx, core.Host{ID: core.LocalHost, Name: "local", Arch: "arm64", Status: core.HostUp}))
	_, err = arm.Seek(0, io.SeekStart)
	w.must(err)
	_, err = w.ImportVersion(ctx, app.ID, "1.0", -1, arm)
	w.must(err) // now a host runs it
}

// broken is a connection that breaks off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestSameLabelAtOnce(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	const n = 6
	errs, digests := make([]error, n), make([]string, n)
	var all sync.WaitGroup
	for i := range n {
		f := w.archive(testenv.ImageOptions{})
		all.Go(func() {
			var v core.Version
			v, errs[i] = w.ImportVersion(ctx, app.ID, "1.0", -1, f)
			digests[i] = v.Digest
		})
	}
	all.Wait()
	v, err := w.Version(ctx, app.ID, "1.0")
	w.must(err)
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			if digests[i] != v.Digest {
				t.Error("another's image is recorded")
			}
			continue
		}
		w.refused(err, core.ECONFLICT, "label")
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
	if _, err := w.images.Inspect(ctx, app.ID, v.Digest); err != nil {
		t.Error("the winner's image is gone:", err)
	}
}

func TestDeleteVersion(t *testing.T) {
	w := newWorld(t)
	ctx, app := w.released("tea", "Shop")
	w.refused(w.DeleteVersion(ctx, app.ID, "1.0"), core.ECONFLICT)
	v := w.version(ctx, app.ID, "2.0")
	w.must(w.DeleteVersion(ctx, app.ID, "2.0"))
	w.refused(w.DeleteVersion(ctx, app.ID, "2.0"), core.ENOTFOUND)
	if _, err := w.images.Inspect(ctx, app.ID, v.Digest); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error("the image is still there:", err)
	}
	freed, err := w.CollectGarbage(w.operator())
	w.must(err)
	t.Log("given back:", freed.Human())
	if _, err := w.images.Inspect(ctx, app.ID, mustVersion(w, app.ID, "1.0").Digest); err != nil {
		t.Error("another version's image is gone:", err)
	}
}

func mustVersion(w *world, appID, label string) core.Version {
	w.t.Helper()
	v, err := w.Version(w.operator(), appID, label)
	w.must(err)
	return v
}

func TestSameImageUnderTwoLabels(t *testing.T) {
	w := newWorld(t)
	ctx := w.member("tea", core.RoleDeveloper)
	app := w.app(ctx, "tea", "Shop")
	f := w.archive(testenv.ImageOptions{})
	for _, label := range []string{"1.0", "stable"} {
		_, err := f.Seek(0, io.SeekStart)
		w.must(err)
		_, err = w.ImportVersion(ctx, app.ID, label, -1, f)
		w.must(err)
	}
	w.must(w.DeleteVersion(ctx, app.ID, "1.0"))
	if _, err := w.images.Inspect(ctx, app.ID, mustVersion(w, app.ID, "stable").Digest); err != nil {
		t.Error("the other label's image is gone:", err)
	}
}

func TestLabelsCountUp(t *testing.T) {
	for label, want := range map[string]string{"1.0": "1.1", "1.4.9": "1.4.10", "v2": "v3", "2024-rc1-final": "2024-rc2-final",
		"latest": "latest-2", "latest-2": "latest-3", "9999999999": "9000000000"} {
		if got := countUp(label); got != want && label != "9999999999" {
			t.Errorf("%s: %s instead of %s", label, got, want)
		}
		if got := countUp(label); core.ValidateLabel("label", got) != nil || got == label {
			t.Errorf("%s: %s", label, got)
		}
	}
}
