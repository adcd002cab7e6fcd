package views_test

import (
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
)

// newUploads is the page that takes a file, before a real tus server. finish answers the last piece; slow makes
// every piece wait, so that there is something to see.
func newUploads(t *testing.T, finish func(handler.HookEvent) (handler.HTTPResponse, error), slow *atomic.Bool) (*site, string) {
	t.Helper()
	dir := t.TempDir()
	composer := handler.NewStoreComposer()
	filestore.New(dir).UseIn(composer)
	composer.UseLocker(memorylocker.New()) // as the portal has it: a piece that was broken off ends before the next begins
	tus, err := handler.NewHandler(handler.Config{BasePath: "/uploads/", StoreComposer: composer, PreFinishResponseCallback: finish})
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, examples()["new-file"])
	s.mux.Handle("/uploads/", http.StripPrefix("/uploads/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for until := time.Now().Add(10 * time.Second); r.Method == http.MethodPatch && slow.Load() && time.Now().Before(until); {
			time.Sleep(5 * time.Millisecond)
		}
		tus.ServeHTTP(w, r)
	})))
	s.mux.HandleFunc("/new/upload/{id}", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("<title>inside</title>")) })
	file := filepath.Join(t.TempDir(), "loyalty-1.0.tar")
	if err := os.WriteFile(file, make([]byte, 3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return s, file
}

func received(handler.HookEvent) (handler.HTTPResponse, error) { return handler.HTTPResponse{}, nil }

func TestUploadShowsItsProgressPausesAndResumes(t *testing.T) {
	var slow atomic.Bool
	slow.Store(true)
	s, file := newUploads(t, received, &slow)
	s.open()
	s.run(chromedp.SetUploadFiles("#file", []string{file}))
	s.is("document.querySelector('[data-upload-name]').textContent", "loyalty-1.0.tar")
	s.is("document.querySelector('[data-upload-drop]').hidden", "true")
	s.is("/^(3 MB, starting|[0-9.]+ .?B of 3 MB, .*)$/.test(document.querySelector('[data-upload-text]').textContent)", "true")
	s.run(chromedp.Click("[data-upload-pause]"))
	s.is("document.querySelector('[data-upload-text]').textContent.startsWith('Paused at')", "true")
	s.is("document.querySelector('[data-upload-pause]').hidden", "true")
	slow.Store(false)
	s.run(chromedp.Click("[data-upload-resume]"))
	s.is("document.title", "inside")
	s.is("/^\\/new\\/upload\\/[0-9a-f]+$/.test(location.pathname)", "true")
	s.quiet()
}

func TestUploadContinuesAfterTheTabWasClosed(t *testing.T) {
	var slow atomic.Bool
	slow.Store(true)
	s, file := newUploads(t, received, &slow)
	s.open()
	s.run(chromedp.SetUploadFiles("#file", []string{file}))
	s.is("Object.keys(localStorage).filter((k) => k.startsWith('tus::')).length", "1")
	s.run(chromedp.Reload())
	slow.Store(false)
	s.run(chromedp.SetUploadFiles("#file", []string{file}))
	s.is("document.title", "inside")
	s.is("Object.keys(localStorage).filter((k) => k.startsWith('tus::')).length", "0")
}

func TestRefusedFileSaysWhatIsWrong(t *testing.T) {
	s, file := newUploads(t, func(handler.HookEvent) (handler.HTTPResponse, error) {
		refused := handler.NewError("refused", "refused", http.StatusUnprocessableEntity)
		refused.HTTPResponse.Body = `{"detail":"This file is not an image file."}`
		refused.HTTPResponse.Header = handler.HTTPHeader{"Content-Type": "application/problem+json"}
		return refused.HTTPResponse, refused
	}, new(atomic.Bool))
	s.open()
	s.run(chromedp.SetUploadFiles("#file", []string{file}))
	s.is("document.querySelector('[data-upload-text]').textContent", "This file is not an image file.")
	s.is("document.querySelector('[data-upload-resume]').hidden && document.querySelector('[data-upload-pause]').hidden", "true")
	s.is("document.querySelector('[data-upload-cancel]').textContent", "Use another file")
	s.run(chromedp.Click("[data-upload-cancel]"))
	s.is("document.querySelector('[data-upload-drop]').hidden", "false")
	s.is("document.querySelector('[data-upload-progress]').hidden", "true")
}
