package testenv

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"sort"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// file is an entry of a layer. A name that ends in "/" is a directory.
type file struct {
	name    string
	content []byte
	link    string // target of a symbolic link
	mode    int64
	uid     int
}

func filesOf(contents map[string]string) []file {
	var files []file
	for name, content := range contents {
		files = append(files, file{name: strings.TrimPrefix(name, "/"), content: []byte(content), mode: 0o755})
	}
	sort.Slice(files, func(i, j int) bool { return files[i].name < files[j].name })
	return files
}

// layerMaker makes layers, plain as docker save writes them, or compressed as registries have them.
type layerMaker struct {
	t        testing.TB
	compress bool
	oci      bool
}

func (m layerMaker) mediaType() types.MediaType {
	switch {
	case m.oci && m.compress:
		return types.OCILayer
	case m.oci:
		return types.OCIUncompressedLayer
	case m.compress:
		return types.DockerLayer
	}
	return types.DockerUncompressedLayer
}

// files makes a layer of files.
func (m layerMaker) files(files []file) v1.Layer {
	m.t.Helper()
	data := archiveOf(m.t, files)
	if !m.compress {
		return static.NewLayer(data, m.mediaType())
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}, tarball.WithCompressionLevel(1), tarball.WithMediaType(m.mediaType()))
	if err != nil {
		m.t.Fatal(err)
	}
	return layer
}

func archiveOf(t testing.TB, files []file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: f.mode, Uid: f.uid, Gid: f.uid, Size: int64(len(f.content)),
			Linkname: f.link, Typeflag: tar.TypeReg, ModTime: time.Unix(1700000000, 0)}
		switch {
		case f.link != "":
			h.Typeflag = tar.TypeSymlink
		case strings.HasSuffix(f.name, "/"):
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// noise is a layer with one file of random bytes, made anew whenever it is read, so that it may be larger than memory.
type noise struct {
	seed   [32]byte
	size   int64
	digest v1.Hash
	length int64

	mediaType types.MediaType
}

// noise makes a layer of size bytes that do not compress. It stays plain.
func (m layerMaker) noise(size int64) v1.Layer {
	m.t.Helper()
	plain := layerMaker{m.t, false, m.oci}
	l := &noise{size: size, mediaType: plain.mediaType()}
	for i := range l.seed {
		l.seed[i] = byte(rand.Int())
	}
	sum := sha256.New()
	n, err := io.Copy(sum, l.read())
	if err != nil {
		m.t.Fatal(err)
	}
	l.length, l.digest = n, v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	return l
}

func (l *noise) read() io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		out := tar.NewWriter(w)
		err := out.WriteHeader(&tar.Header{Name: "tmp/noise", Mode: 0o644, Size: l.size})
		if err == nil {
			_, err = io.CopyN(out, rand.NewChaCha8(l.seed), l.size)
		}
		if err == nil {
			err = out.Close()
		}
		w.CloseWithError(err)
	}()
	return r
}

func (l *noise) Digest() (v1.Hash, error)             { return l.digest, nil }
func (l *noise) DiffID() (v1.Hash, error)             { return l.digest, nil }
func (l *noise) Compressed() (io.ReadCloser, error)   { return l.read(), nil }
func (l *noise) Uncompressed() (io.ReadCloser, error) { return l.read(), nil }
func (l *noise) Size() (int64, error)                 { return l.length, nil }
func (l *noise) MediaType() (types.MediaType, error)  { return l.mediaType, nil }
