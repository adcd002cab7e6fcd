package image

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strconv"

	"github.com/klauspost/compress/gzip"

	"berth/core"
)

// errTruncated is the cause of the refusal of an archive that ends too early.
var errTruncated = errors.New("archive ends too early")

// archive reads an image file entry by entry: a tar, plain or gzip. It never writes to the file system, and is strict
// about what an entry may be: a file or a folder, under a relative name that stays inside and comes once. The one
// exception is what docker save and its kin write for a layer that comes twice, a symbolic link to the other file:
// it is kept as an alias, and nothing may lie beneath it.
type archive struct {
	content io.Reader // the tar as a whole
	tar     *tar.Reader
	entry   ratio // what comes out of the present entry: it may be a sparse file
	limits  Limits
	entries int
	files   map[string]bool
	aliases map[string]string // name -> name that it stands for
}

func openArchive(ctx context.Context, r io.Reader, l Limits) (*archive, error) {
	in := &counter{r: &ctxReader{ctx, r}}
	buffered := bufio.NewReaderSize(in, 256<<10)
	content := io.Reader(buffered)
	magic, err := buffered.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if bytes.Equal(magic, gzipMagic) {
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, brokenArchive(err)
		}
		content = l.ratio(z, in)
	}
	t := tar.NewReader(content)
	return &archive{content: content, tar: t, entry: *l.ratio(t, in), limits: l,
		files: map[string]bool{}, aliases: map[string]string{}}, nil
}

// next returns the next file. Errors: io.EOF at the end, EINVALID, ETOOLARGE.
func (a *archive) next() (name string, size int64, err error) {
	for {
		h, err := a.tar.Next()
		if err == io.EOF && a.entries > 0 {
			return "", 0, a.drain()
		}
		if err != nil {
			return "", 0, a.broken(err)
		}
		if a.entries++; a.entries > a.limits.Entries {
			return "", 0, core.Wrap(errLarge, core.ETOOLARGE, "error.image_entries", "max", strconv.Itoa(a.limits.Entries))
		}
		name, err := a.check(h)
		if err != nil {
			return "", 0, err
		}
		if h.Typeflag == tar.TypeReg {
			return name, h.Size, nil
		}
	}
}

// Read reads the file that next returned. An archive that ends in the middle of it is a refusal.
func (a *archive) Read(p []byte) (int, error) {
	n, err := a.entry.Read(p)
	if err != nil && err != io.EOF {
		err = a.broken(err)
	}
	return n, err
}

// drain reads what follows the tar, so that a damaged or missing tail is noticed too. It returns io.EOF.
func (a *archive) drain() error {
	if _, err := io.Copy(io.Discard, a.content); err != nil {
		return a.broken(err)
	}
	return io.EOF
}

func (a *archive) check(h *tar.Header) (string, error) {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return "", nil
	}
	name, ok := local(h.Name)
	if !ok || a.beneathAlias(name) {
		return "", core.Errorf(core.EINVALID, "error.image_entry_name", "name", printable(h.Name))
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return name, nil
	case tar.TypeReg:
		if a.files[name] || a.aliases[name] != "" {
			return "", core.Errorf(core.EINVALID, "error.image_entry_twice", "name", printable(name))
		}
		a.files[name] = true
		return name, nil
	case tar.TypeSymlink:
		target, ok := local(path.Join(path.Dir(name), h.Linkname))
		if ok && !path.IsAbs(h.Linkname) && !a.files[name] {
			a.aliases[name] = target
			return name, nil
		}
	}
	return "", core.Errorf(core.EINVALID, "error.image_entry_type", "name", printable(h.Name))
}

func (a *archive) beneathAlias(name string) bool {
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if a.aliases[dir] != "" {
			return true
		}
	}
	return false
}

// resolve returns the name of the file that name stands for.
func (a *archive) resolve(name string) string {
	for range 8 {
		target, ok := a.aliases[name]
		if !ok {
			break
		}
		name = target
	}
	return name
}

func (a *archive) broken(err error) error {
	if a.entries == 0 && (err == io.EOF || errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)) {
		return core.Wrap(err, core.EINVALID, "error.image_not_archive")
	}
	return brokenArchive(err)
}

// brokenArchive words what is wrong with an archive's bytes and lets everything else pass.
func brokenArchive(err error) error {
	_, worded := errors.AsType[*core.Error](err)
	switch {
	case worded:
		return err
	case errors.Is(err, io.ErrUnexpectedEOF):
		return core.Wrap(errTruncated, core.EINVALID, "error.image_truncated")
	case errors.Is(err, tar.ErrHeader), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), isCorrupt(err):
		return core.Wrap(err, core.EINVALID, "error.image_damaged")
	}
	return err
}

// ctxReader stops reading when ctx ends.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
