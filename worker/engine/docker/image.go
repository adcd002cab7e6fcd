package docker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"

	"berth/core"
)

// reference names an image as the engine knows it.
func (e *Engine) reference(i core.ImageRef) string {
	return e.opts.Registry + "/" + i.Repository + "@" + i.Digest
}

// Fetch has the image on the host. It returns at once when it is there.
// Errors: ENOTFOUND, EUNREACHABLE, EINSUFFICIENT.
func (e *Engine) Fetch(ctx context.Context, ref core.ImageRef) error {
	name := e.reference(ref)
	_, err := e.api.ImageInspect(ctx, name)
	if err == nil || !isNotFound(err) {
		return wrap(err)
	}
	auth, err := registry.EncodeAuthConfig(registry.AuthConfig{
		Username: e.opts.RegistryUser, Password: e.opts.RegistryPassword, ServerAddress: e.opts.Registry,
	})
	if err != nil {
		return core.Wrap(err, core.EINTERNAL, "error.engine_failed", "reason", "")
	}
	progress, err := e.api.ImagePull(ctx, name, image.PullOptions{RegistryAuth: auth})
	if err != nil {
		return wrapPull(err)
	}
	defer progress.Close()
	return wrapPull(pulled(progress))
}

// pulled reads the engine's report to its end; an error in it is the pull's.
func pulled(r io.Reader) error {
	for dec := json.NewDecoder(r); ; {
		var m struct{ Error string }
		switch err := dec.Decode(&m); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case m.Error != "":
			return pullError(m.Error)
		}
	}
}

// pullError is what the engine says of a registry, in words only.
type pullError string

func (e pullError) Error() string { return string(e) }

func wrapPull(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	_, said := errors.AsType[pullError](err)
	switch {
	case strings.Contains(text, "no space left on device"):
		return core.Wrap(err, core.EINSUFFICIENT, "error.engine_disk_full")
	case isNotFound(err), strings.Contains(text, "manifest unknown"), said && strings.Contains(text, "not found"):
		return core.Wrap(err, core.ENOTFOUND, "error.engine_image_unknown")
	case said, answered(err):
		return core.Wrap(err, core.EUNREACHABLE, "error.engine_pull", "reason", reason(text))
	}
	return wrap(err)
}

// RemoveImage removes an image from the host; one in use or absent is no error.
func (e *Engine) RemoveImage(ctx context.Context, ref core.ImageRef) error {
	_, err := e.api.ImageRemove(ctx, e.reference(ref), image.RemoveOptions{PruneChildren: true})
	if err = wrap(unlessGone(err)); core.ErrorCode(err) == core.ECONFLICT {
		return nil
	}
	return err
}

// Export writes an image that the engine has as a docker save archive. Errors: ENOTFOUND.
func (e *Engine) Export(ctx context.Context, ref string) (io.ReadCloser, error) {
	if _, err := e.api.ImageInspect(ctx, ref); err != nil {
		if isNotFound(err) {
			return nil, core.Wrap(err, core.ENOTFOUND, "error.engine_no_image", "image", ref)
		}
		return nil, wrap(err)
	}
	archive, err := e.api.ImageSave(ctx, []string{ref})
	return archive, wrap(err)
}
