package image

import (
	"context"
	"net/http"
	"path"
	"strings"

	v2 "github.com/distribution/distribution/v3/registry/api/v2"
	"github.com/gorilla/mux"
	"github.com/opencontainers/go-digest"

	"berth/core"
)

// maxPage is how many names a listing has at most.
const maxPage = 100

// door stands before the registry: it knows who comes, and lets through what they may do.
type door struct {
	store  *Store
	gate   core.ImageGate
	routes *mux.Router
}

// newRoutes makes the registry's own table of routes, so that door and registry read an address alike.
func newRoutes() *mux.Router { return v2.RouterWithPrefix("") }

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, err := d.signIn(r)
	if err != nil {
		d.store.refuse(w, err)
		return
	}
	r = r.WithContext(context.WithValue(ctx, gateKey{}, d.gate))
	var match mux.RouteMatch
	if isForm(r) {
		d.store.refuse(w, core.Errorf(core.EINVALID, "error.invalid_input"))
		return
	}
	if !plain(r) || !d.routes.Match(r, &match) || match.Route == nil {
		http.NotFound(w, r)
		return
	}
	route, vars := match.Route.GetName(), match.Vars
	if route == v2.RouteNameCatalog {
		d.listRepositories(w, r)
		return
	}
	if err := d.authorize(r, route, vars["name"]); err != nil {
		d.store.refuse(w, err)
		return
	}
	d.pass(w, r, route, vars)
}

// plain reports whether the address is written in the one way that clients write it. Others could be read one way here
// and another way further in.
func plain(r *http.Request) bool {
	p := r.URL.Path
	return r.URL.RawPath == "" && !strings.Contains(p, "//") && path.Clean(p) == strings.TrimSuffix(p, "/")
}

// isForm reports whether r brings a form. No client does; parameters are read from the address alone, and nobody has
// the registry unpack a form of any size.
func isForm(r *http.Request) bool {
	kind := r.Header.Get("Content-Type")
	return strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "application/x-www-form-urlencoded")
}

// signIn returns a context in which who sent r acts. Errors: EUNAUTHORIZED.
func (d *door) signIn(r *http.Request) (context.Context, error) {
	user, password, ok := r.BasicAuth()
	if !ok {
		return nil, core.Errorf(core.EUNAUTHORIZED, "error.sign_in_first")
	}
	actor, err := d.gate.Login(r.Context(), user, password)
	if err != nil {
		return nil, err
	}
	return core.WithActor(r.Context(), actor), nil
}

// authorize checks what r wants of a repository. Versions do not change, so clients remove nothing.
func (d *door) authorize(r *http.Request, route, repo string) error {
	if route == v2.RouteNameBase {
		return nil
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		access := core.AccessPull
		if route == v2.RouteNameBlobUpload || route == v2.RouteNameBlobUploadChunk {
			access = core.AccessPush
		}
		return d.gate.Allow(r.Context(), repo, access)
	case http.MethodDelete:
		if route != v2.RouteNameBlobUploadChunk {
			return core.Errorf(core.EFORBIDDEN, "error.image_immutable")
		}
	}
	if err := d.gate.Allow(r.Context(), repo, core.AccessPush); err != nil {
		return err
	}
	if from := r.FormValue("from"); from != "" {
		return d.gate.Allow(r.Context(), from, core.AccessPull)
	}
	return nil
}

// pass hands the request to the registry. Blobs that it brings or asks for are kept from the collection of garbage.
func (d *door) pass(w http.ResponseWriter, r *http.Request, route string, vars map[string]string) {
	s := d.store
	answer := &answer{ResponseWriter: w, store: s}
	writes := r.Method == http.MethodPost || r.Method == http.MethodPatch || r.Method == http.MethodPut
	if writes {
		if err := s.checkFree(core.Bytes(max(r.ContentLength, 0))); err != nil {
			s.refuse(w, err)
			return
		}
		answer.watchDisk = true
		body, err := d.makeRoom(r, route, vars["name"])
		if err != nil {
			s.refuse(w, err)
			return
		}
		answer.body = body
	}
	if blob := wanted(r, route, vars); blob != "" {
		release := s.pins.hold(blob)
		defer func() {
			until := never
			if answer.status/100 == 2 {
				until = s.now().Add(pinTime)
			}
			release(until)
		}()
	}
	s.app.ServeHTTP(answer, r)
	if route == v2.RouteNameBlobUploadChunk && writes && (r.Context().Err() != nil || answer.status >= 500 || answer.replaced) {
		s.giveUp(vars["name"], vars["uuid"])
	}
}

// wanted returns the blob that a client sends, mounts or makes sure of: for a manifest to come.
func wanted(r *http.Request, route string, vars map[string]string) digest.Digest {
	var name string
	switch {
	case route == v2.RouteNameBlob && r.Method == http.MethodHead:
		name = vars["digest"]
	case route == v2.RouteNameBlobUpload && r.Method == http.MethodPost:
		if name = r.FormValue("mount"); name == "" {
			name = r.FormValue("digest")
		}
	case route == v2.RouteNameBlobUploadChunk && r.Method == http.MethodPut:
		name = r.FormValue("digest")
	}
	d, err := digest.Parse(name)
	if err != nil {
		return ""
	}
	return d
}

// giveUp removes what was received of a blob when the connection broke or the disk is full. Clients begin anew: those
// that there are do not resume a broken request.
func (s *Store) giveUp(repo, upload string) {
	if err := s.removeUpload(repo, upload); err != nil {
		s.log.Warn("remove a broken-off upload", "error", err)
	}
}

// answer notes the status that the registry answers with, and makes that of a full disk out of its plain failure.
type answer struct {
	http.ResponseWriter
	store     *Store
	watchDisk bool
	body      *room // nil where nothing is written
	status    int
	replaced  bool
}

func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	if a.body != nil && a.body.over != nil {
		a.replaced = true
		a.store.refuse(a.ResponseWriter, a.body.over)
		return
	}
	if status == http.StatusInternalServerError && a.watchDisk && a.store.checkFree(0) != nil {
		a.replaced = true
		a.store.refuseFull(a.ResponseWriter)
		return
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.replaced {
		return len(p), nil
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController through.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
