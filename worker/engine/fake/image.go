package fake

import (
	"context"
	"io"

	"berth/core"
)

// Fetch has the image on the host.
func (e *Engine) Fetch(ctx context.Context, image core.ImageRef) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Fetch"); err != nil {
		return err
	}
	if _, ok := e.registry[image]; !ok && !e.images[image] {
		return core.Errorf(core.ENOTFOUND, "error.engine_image_unknown")
	}
	e.images[image] = true
	return nil
}

// RemoveImage removes an image from the host.
func (e *Engine) RemoveImage(ctx context.Context, image core.ImageRef) error {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "RemoveImage"); err != nil {
		return err
	}
	for _, c := range e.containers {
		if c.spec.Image == image {
			return nil
		}
	}
	delete(e.images, image)
	return nil
}

// Export knows no image by name.
func (e *Engine) Export(ctx context.Context, ref string) (io.ReadCloser, error) {
	defer e.mu.Unlock()
	if err := e.enter(ctx, "Export"); err != nil {
		return nil, err
	}
	return nil, core.Errorf(core.ENOTFOUND, "error.engine_no_image", "image", ref)
}
