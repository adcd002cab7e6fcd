package image

import (
	"context"
	"io"
	"os"
	"strings"

	"berth/core"
)

// Copy copies an image from elsewhere. It is read as an archive is: staged, looked through, and admitted when whole.
func (s *Store) Copy(ctx context.Context, repo string, src core.ImageSource, progress func(done, total core.Bytes)) (core.Artifact, error) {
	if progress == nil {
		progress = func(core.Bytes, core.Bytes) {}
	}
	if src.Trusted {
		if path, ok := archivePath(src.Ref); ok {
			return s.copyFile(ctx, repo, path, progress)
		}
		if name, ok := strings.CutPrefix(src.Ref, dockerDaemon); ok {
			return s.copyExport(ctx, repo, name, progress)
		}
	}
	return s.copyRemote(ctx, repo, src, progress)
}

func (s *Store) copyFile(ctx context.Context, repo, path string, progress func(done, total core.Bytes)) (core.Artifact, error) {
	f, err := os.Open(path)
	if err != nil {
		return core.Artifact{}, core.Wrap(err, core.ENOTFOUND, "error.image_file_missing", "path", path)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return core.Artifact{}, err
	}
	return s.Import(ctx, repo, &meter{r: f, total: core.Bytes(info.Size()), progress: progress})
}

func (s *Store) copyExport(ctx context.Context, repo, name string, progress func(done, total core.Bytes)) (core.Artifact, error) {
	if s.opts.Export == nil {
		return core.Artifact{}, core.Errorf(core.ENOTFOUND, "error.image_unknown", "image", name)
	}
	r, err := s.opts.Export(ctx, name)
	if err != nil {
		return core.Artifact{}, err
	}
	defer r.Close()
	return s.Import(ctx, repo, &meter{r: r, progress: progress})
}

// copyRemote copies from a registry elsewhere.
func (s *Store) copyRemote(ctx context.Context, repo string, src core.ImageSource, progress func(done, total core.Bytes)) (core.Artifact, error) {
	from, err := s.newRemote(src)
	if err != nil {
		return core.Artifact{}, err
	}
	defer from.close()
	g, err := s.newStage(ctx, repo)
	if err != nil {
		return core.Artifact{}, err
	}
	defer g.discard(ctx)
	w, p, err := from.manifest(ctx, s.opts.Arch)
	if err != nil {
		return core.Artifact{}, err
	}
	if w.config, err = from.document(ctx, p.config); err != nil {
		return core.Artifact{}, err
	}
	var total core.Bytes
	for _, l := range p.layers {
		total += core.Bytes(l.Size)
	}
	if err := s.checkFree(total); err != nil {
		return core.Artifact{}, err
	}
	w.layers, err = from.layers(ctx, g, p.layers, &meter{total: total, progress: progress})
	if err != nil {
		return core.Artifact{}, err
	}
	return g.admit(ctx, w)
}

// meter tells how much was read, every few megabytes.
type meter struct {
	r           io.Reader
	done, total core.Bytes
	told        core.Bytes
	progress    func(done, total core.Bytes)
}

const meterStep = 4 * core.MiB

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.add(core.Bytes(n), err == io.EOF)
	return n, err
}

func (m *meter) add(n core.Bytes, end bool) {
	m.done += n
	if m.done-m.told >= meterStep || end && m.done > m.told {
		m.told = m.done
		m.progress(m.done, max(m.total, m.done))
	}
}
