package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/opencontainers/go-digest"

	"berth/core"
)

// layer is what a look through a layer found out.
type layer struct {
	gzip   bool
	diffID digest.Digest // of the layer unpacked; "" for a plain one: it is the layer's own digest
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// readLayer reads a layer to its end, plain or gzip, and checks every entry. The engine unpacks layers inside a root of
// their own, so symbolic links may lead anywhere and names may begin with "/"; what would leave that root ("..") is
// refused, and so are devices, which no image of an ordinary program has. Sizes are counted as the headers state them,
// because a sparse file is written out in full.
// Errors: EINVALID, ETOOLARGE past the budget; others come from r.
func readLayer(r io.Reader, b *budget) (layer, error) {
	var l layer
	buffered := bufio.NewReaderSize(r, 64<<10)
	unpacked := io.Reader(buffered)
	switch magic, _ := buffered.Peek(4); {
	case bytes.HasPrefix(magic, gzipMagic):
		in := &counter{r: buffered}
		z, err := gzip.NewReader(in)
		if err != nil {
			return l, brokenLayer(err)
		}
		l.gzip = true
		unpacked = b.limits.ratio(z, in)
	case bytes.HasPrefix(magic, zstdMagic):
		return l, core.Errorf(core.EINVALID, "error.image_layer_compression")
	}
	sum := digest.Canonical.Digester()
	if l.gzip {
		unpacked = io.TeeReader(unpacked, sum.Hash())
	}
	if err := readEntries(tar.NewReader(unpacked), b); err != nil {
		return l, brokenLayer(err)
	}
	if _, err := io.Copy(io.Discard, unpacked); err != nil { // padding belongs to the digest
		return l, brokenLayer(err)
	}
	if l.gzip {
		l.diffID = sum.Digest()
	}
	_, err := io.Copy(io.Discard, buffered)
	return l, err
}

func readEntries(t *tar.Reader, b *budget) error {
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := errors.Join(checkEntry(h), b.addFile(), b.add(max(h.Size, 0))); err != nil {
			return err
		}
	}
}

func checkEntry(h *tar.Header) error {
	switch {
	case h.Typeflag == tar.TypeChar || h.Typeflag == tar.TypeBlock:
		return core.Errorf(core.EINVALID, "error.image_layer_device", "name", printable(h.Name))
	case escapes(h.Name), h.Typeflag == tar.TypeLink && escapes(h.Linkname):
		return core.Errorf(core.EINVALID, "error.image_layer_escapes", "name", printable(h.Name))
	}
	return nil
}

// escapes reports whether a name leads out of the folder that it is unpacked in.
func escapes(name string) bool {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	return clean == ".." || strings.HasPrefix(clean, "../")
}

// brokenLayer words what is wrong with a layer's bytes and lets everything else pass.
func brokenLayer(err error) error {
	_, worded := errors.AsType[*core.Error](err)
	switch {
	case worded:
		return err
	case errors.Is(err, tar.ErrHeader), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), isCorrupt(err):
		return core.Wrap(err, core.EINVALID, "error.image_layer_broken")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return core.Wrap(err, core.EINVALID, "error.image_layer_truncated")
	}
	return err
}
