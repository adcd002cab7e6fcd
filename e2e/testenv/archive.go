package testenv

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archiveWriter writes images into an archive, as streams.
type archiveWriter struct{ *tar.Writer }

// writeArchive makes a file that goes with the test.
func writeArchive(t testing.TB, compress bool, write func(archiveWriter) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.tar")
	if compress {
		path += ".gz"
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buffered := bufio.NewWriterSize(f, 1<<20)
	var out io.Writer = buffered
	if compress {
		z, _ := gzip.NewWriterLevel(out, gzip.BestSpeed)
		defer func() { check(t, z.Close(), buffered.Flush()) }()
		out = z
	}
	w := archiveWriter{tar.NewWriter(out)}
	check(t, write(w), w.Close(), buffered.Flush())
	return path
}

// docker writes img as docker save does: layers as plain archives in folders, and a manifest.json.
func (w archiveWriter) docker(tag string, img v1.Image) error {
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	id, err := img.ConfigName()
	if err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	entry := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{Config: id.Hex + ".json", RepoTags: []string{tag}}
	for _, l := range layers {
		diff, err := l.DiffID()
		if err != nil {
			return err
		}
		name := diff.Hex + "/layer.tar"
		if err := w.stream(name, l.Uncompressed); err != nil {
			return err
		}
		entry.Layers = append(entry.Layers, name)
	}
	if err := w.bytes(entry.Config, config); err != nil {
		return err
	}
	manifest, err := json.Marshal([]any{entry})
	if err != nil {
		return err
	}
	return w.bytes("manifest.json", manifest)
}

// oci writes img as an OCI image layout.
func (w archiveWriter) oci(tag string, img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	if err := w.bytes("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	for _, l := range layers {
		digest, err := l.Digest()
		if err != nil {
			return err
		}
		if err := w.stream("blobs/sha256/"+digest.Hex, l.Compressed); err != nil {
			return err
		}
	}
	return w.ociIndex(tag, img)
}

func (w archiveWriter) ociIndex(tag string, img v1.Image) error {
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	id, err := img.ConfigName()
	if err != nil {
		return err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	index, err := json.Marshal(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{{
		MediaType: types.OCIManifestSchema1, Size: int64(len(manifest)), Digest: digest,
		Annotations: map[string]string{"org.opencontainers.image.ref.name": tag},
	}}})
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"blobs/sha256/" + id.Hex: config, "blobs/sha256/" + digest.Hex: manifest, "index.json": index,
	} {
		if err := w.bytes(name, data); err != nil {
			return err
		}
	}
	return nil
}

func (w archiveWriter) bytes(name string, data []byte) error {
	if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// stream writes what open returns, reading it twice: the size has to be known first.
func (w archiveWriter) stream(name string, open func() (io.ReadCloser, error)) error {
	var size int64
	for pass := range 2 {
		r, err := open()
		if err != nil {
			return err
		}
		defer r.Close()
		if pass == 0 {
			size, err = io.Copy(io.Discard, r)
		} else if err = w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: size}); err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func check(t testing.TB, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func trimSlash(path string) string { return strings.TrimPrefix(path, "/") }
