package image

import (
	"errors"
	"io"
	"strconv"
	"sync/atomic"

	"berth/core"
)

// ratioFree is how much may come out of anything compressed before its ratio counts: small things compress well.
const ratioFree = 64 * core.MiB

// budget is how much one image may still unpack to.
type budget struct {
	limits   Limits
	expanded atomic.Int64
	files    atomic.Int64
}

// errLarge is the cause of every refusal by size, so that it is told from a reader's own errors.
var errLarge = errors.New("past the limit")

// add counts bytes that come out of layers.
func (b *budget) add(n int64) error {
	if n < 0 || b.expanded.Add(n) > int64(b.limits.Expanded) {
		return core.Wrap(errLarge, core.ETOOLARGE, "error.image_expands", "max", b.limits.Expanded.Human())
	}
	return nil
}

// addFile counts an entry of a layer.
func (b *budget) addFile() error {
	if b.files.Add(1) > int64(b.limits.Files) {
		return core.Wrap(errLarge, core.ETOOLARGE, "error.image_files", "max", strconv.Itoa(b.limits.Files))
	}
	return nil
}

// ratio reads what comes out of a decompressor and stops when it is too much for what went in.
type ratio struct {
	out   io.Reader
	in    *counter
	max   int64 // out per in
	total int64 // out, at most
	read  int64
}

func (l Limits) ratio(out io.Reader, in *counter) *ratio {
	return &ratio{out: out, in: in, max: int64(l.Ratio), total: int64(l.Expanded)}
}

func (r *ratio) Read(p []byte) (int, error) {
	n, err := r.out.Read(p)
	r.read += int64(n)
	if r.read > r.total || r.read > int64(ratioFree) && r.read > r.in.n*r.max {
		return n, core.Wrap(errLarge, core.ETOOLARGE, "error.image_bomb")
	}
	return n, err
}

// counter counts what was read from r.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
