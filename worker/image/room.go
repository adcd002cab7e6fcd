package image

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	v2 "github.com/distribution/distribution/v3/registry/api/v2"

	"berth/core"
)

// room is a body that a tenant has so much room for. One that goes on beyond is cut off.
type room struct {
	io.ReadCloser
	left core.Bytes
	over error                  // why it was cut off
	why  func(core.Bytes) error // asks again, for the words
}

// makeRoom asks, before anything of a blob is read, whether there is room for it, and holds its body to that.
// Errors: ETOOLARGE.
func (d *door) makeRoom(r *http.Request, route, repo string) (*room, error) {
	b := &room{ReadCloser: r.Body}
	if route != v2.RouteNameBlobUpload && route != v2.RouteNameBlobUploadChunk || r.Method == http.MethodDelete {
		return b, nil
	}
	before := received(r)
	size := core.Bytes(max(r.ContentLength, 0)) + before
	left, err := d.gate.Room(r.Context(), repo, size)
	if err != nil {
		return b, err
	}
	ctx := context.WithoutCancel(r.Context())
	b.left = left - before
	b.why = func(n core.Bytes) error {
		_, err := d.gate.Room(ctx, repo, left+n)
		return err
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = b
	}
	return b, nil
}

// received is how much of a blob came in requests before this one, as the client says and the registry checks.
func received(r *http.Request) core.Bytes {
	from, _, _ := strings.Cut(r.Header.Get("Content-Range"), "-")
	n, err := strconv.ParseInt(from, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return core.Bytes(n)
}

func (b *room) Read(p []byte) (int, error) {
	if b.over != nil {
		return 0, b.over
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= core.Bytes(n); b.left < 0 {
		if b.over = b.why(-b.left); b.over == nil { // some was given back meanwhile
			b.left = 0
			return n, err
		}
		return 0, b.over
	}
	return n, err
}
