package image

import (
	"bytes"
	"context"
	"io"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"

	"berth/core"
)

const (
	maxDocument  = 4 << 20  // of one manifest or configuration; what is larger is taken for a layer
	maxDocuments = 32 << 20 // of all that an archive holds, in memory
	minLayer     = 2        // the smallest file that can mean something, "[]"
)

// Import reads an archive as one stream, in any order of its entries: layers go to the stage as they come, manifests
// and configurations are kept in memory. Layers are stored as the archive has them: docker save writes them plain,
// and packing them would cost five seconds a gigabyte here and as much at every deploy, to halve the disk they take.
func (s *Store) Import(ctx context.Context, repo string, r io.Reader) (core.Artifact, error) {
	g, err := s.newStage(ctx, repo)
	if err != nil {
		return core.Artifact{}, err
	}
	defer g.discard(ctx)
	a, err := openArchive(ctx, r, s.opts.Limits)
	if err != nil {
		return core.Artifact{}, err
	}
	c := &contents{archive: a, documents: map[string][]byte{}, blobs: map[string]*blob{}}
	if err := c.read(ctx, g); err != nil {
		return core.Artifact{}, err
	}
	w, err := c.image(s.opts.Arch)
	if err != nil {
		return core.Artifact{}, err
	}
	return g.admit(ctx, w)
}

// contents is what an archive held.
type contents struct {
	archive   *archive
	documents map[string][]byte // JSON, by name
	size      int               // of all documents
	blobs     map[string]*blob  // everything else, by name
}

func (c *contents) read(ctx context.Context, g *stage) error {
	for {
		name, size, err := c.archive.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if size < minLayer || ignored(name) {
			continue
		}
		if err := c.take(ctx, g, name, size); err != nil {
			return err
		}
	}
}

// take keeps one file: as a document when it begins like JSON and is small, else as a blob.
func (c *contents) take(ctx context.Context, g *stage, name string, size int64) error {
	var first [1]byte
	n, err := io.ReadFull(c.archive, first[:])
	if err != nil && err != io.EOF {
		return err
	}
	content := io.MultiReader(bytes.NewReader(first[:n]), c.archive)
	if n == 1 && (first[0] == '{' || first[0] == '[') && size <= maxDocument && c.size+int(size) <= maxDocuments {
		data, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		c.documents[name] = data
		c.size += len(data)
		return checkDigest(name, digest.FromBytes(data))
	}
	b, err := g.add(ctx, content)
	if err != nil {
		return err
	}
	c.blobs[name] = b
	return checkDigest(name, b.digest)
}

// ignored reports whether a file is of the kind that tells nothing: what docker save keeps for readers before 2015.
func ignored(name string) bool {
	base := path.Base(name)
	return name == "repositories" || name == "oci-layout" || base != name && (base == "VERSION" || base == "json")
}

const blobFolder = "blobs/sha256/"

// checkDigest holds a file in an OCI layout's folder of blobs to its name.
func checkDigest(name string, d digest.Digest) error {
	if hex, ok := strings.CutPrefix(name, blobFolder); ok && hex != d.Encoded() {
		return core.Errorf(core.EINVALID, "error.image_digest", "name", printable(path.Base(name)))
	}
	return nil
}

// image finds the one image among the contents. An index.json says more than a manifest.json, and newer dockers
// write both.
func (c *contents) image(arch string) (whole, error) {
	if index, ok := c.documents["index.json"]; ok {
		return c.ociImage(index, arch)
	}
	if list, ok := c.documents["manifest.json"]; ok {
		return c.dockerImage(list)
	}
	return whole{}, core.Errorf(core.EINVALID, "error.image_manifest_missing")
}
