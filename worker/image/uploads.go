package image

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/tus/tusd/v2/pkg/filestore"
	"github.com/tus/tusd/v2/pkg/handler"
	"github.com/tus/tusd/v2/pkg/memorylocker"
	expslog "golang.org/x/exp/slog"

	"berth/core"
)

// UploadOptions say how files are received.
type UploadOptions struct {
	Dir      string        // where they lie meanwhile
	BasePath string        // where Uploads is mounted; default "/uploads/"
	MaxSize  core.Bytes    // of a file; default 20 GiB
	MinFree  core.Bytes    // of the disk stays free; default 64 MiB
	Keep     time.Duration // how long a broken-off upload waits to be resumed; default 24 hours
	Hooks    UploadHooks
	// Problem gives the HTTP status and the words for an error; nil answers 500 and the message's key.
	Problem func(ctx context.Context, err error) (status int, message string)
	Log     *slog.Logger
}

// UploadHooks are what is done about an upload. The actor is in every context, as the middleware before Uploads set it.
type UploadHooks struct {
	// Begin authorises and records an upload, and returns the id under which it is addressed.
	Begin func(ctx context.Context, size int64, metadata map[string]string) (id string, err error)
	// Authorize is asked before everything else that is done with an upload: whether it may be seen, or changed.
	// Errors: ENOTFOUND, EFORBIDDEN.
	Authorize func(ctx context.Context, id string, change bool) error
	// Progress is told now and then how much has come.
	Progress func(ctx context.Context, id string, received int64)
	// Finish takes the file. It goes on when the client is gone; afterwards the file is removed, come what may.
	Finish func(ctx context.Context, id string, file io.Reader) error
	// Cancel forgets an upload that the client gave up, or that could not be begun.
	Cancel func(ctx context.Context, id string)
}

// Uploads receives files by the tus protocol, so that one that broke off goes on where it was.
type Uploads struct {
	opts  UploadOptions
	log   *slog.Logger
	store uploadStore
	tus   http.Handler
}

// NewUploads makes the folder and the handler.
func NewUploads(o UploadOptions) (*Uploads, error) {
	o = o.withDefaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("uploads: %w", err)
	}
	u := &Uploads{opts: o, log: o.Log}
	files := filestore.New(o.Dir)
	files.DirModePerm, files.FileModePerm = 0o700, 0o600
	u.store = uploadStore{files, u}
	composer := handler.NewStoreComposer()
	composer.UseCore(u.store)
	composer.UseTerminater(u.store)
	composer.UseLocker(memorylocker.New())
	tus, err := handler.NewHandler(handler.Config{
		StoreComposer: composer, BasePath: o.BasePath, DisableDownload: true,
		Cors:                       &handler.CorsConfig{Disable: true},
		Logger:                     expslog.New(expslog.NewTextHandler(io.Discard, nil)),
		PreUploadCreateCallback:    u.begin,
		PreFinishResponseCallback:  u.finish,
		PreUploadTerminateCallback: u.cancel,
	})
	if err != nil {
		return nil, fmt.Errorf("uploads: %w", err)
	}
	u.tus = http.StripPrefix(strings.TrimSuffix(o.BasePath, "/"), tus)
	return u, nil
}

var uploadID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// ServeHTTP answers the protocol at BasePath. Every request for an upload is authorised, and what is not its own does
// not exist for anybody.
func (u *Uploads) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.Trim(strings.TrimPrefix(r.URL.Path, u.opts.BasePath), "/")
	ctx := context.WithValue(r.Context(), connectionKey{}, http.NewResponseController(w))
	r = r.WithContext(ctx)
	if id != "" {
		err := error(core.NotFound())
		if uploadID.MatchString(id) {
			err = u.opts.Hooks.Authorize(ctx, id, r.Method != http.MethodHead && r.Method != http.MethodGet)
		}
		if err != nil {
			u.problem(ctx, err).write(w)
			return
		}
	}
	u.tus.ServeHTTP(&relative{w}, r)
}

func (o UploadOptions) withDefaults() UploadOptions {
	if o.BasePath == "" {
		o.BasePath = "/uploads/"
	}
	o.BasePath = path.Clean("/"+o.BasePath) + "/"
	if o.Keep == 0 {
		o.Keep = 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Problem == nil {
		o.Problem = func(_ context.Context, err error) (int, string) {
			return http.StatusInternalServerError, core.ErrorMessage(err).String()
		}
	}
	setDefault(&o.MaxSize, 20*core.GiB)
	setDefault(&o.MinFree, 64*core.MiB)
	return o
}

// relative answers with addresses without a host: the client adds the one that it came by, and what it says its host
// is does not come back to anybody.
type relative struct{ http.ResponseWriter }

func (w *relative) WriteHeader(status int) {
	if at := w.Header().Get("Location"); at != "" {
		if _, rest, ok := strings.Cut(at, "://"); ok {
			_, rest, _ = strings.Cut(rest, "/")
			w.Header().Set("Location", "/"+rest)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (w *relative) Unwrap() http.ResponseWriter { return w.ResponseWriter }
