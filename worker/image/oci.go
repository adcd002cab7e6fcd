package image

import (
	"encoding/json"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/manifest/manifestlist"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"berth/core"
)

// maxNesting is how deep an index may refer to an index.
const maxNesting = 4

// ociImage follows the index of an OCI layout to its one image. The manifest is kept byte for byte, and so the digest
// under which the image is known elsewhere.
func (c *contents) ociImage(index []byte, arch string) (whole, error) {
	for range maxNesting {
		var list ocispec.Index
		if err := json.Unmarshal(index, &list); err != nil {
			return whole{}, core.Wrap(err, core.EINVALID, "error.image_manifest_broken")
		}
		d, err := choose(list.Manifests, arch)
		if err != nil {
			return whole{}, err
		}
		document, ok := c.documents[blobName(d.Digest)]
		if !ok {
			return whole{}, core.Errorf(core.EINVALID, "error.image_manifest_missing")
		}
		if !isIndex(d.MediaType) {
			return c.ociManifest(d.MediaType, document)
		}
		index = document
	}
	return whole{}, core.Errorf(core.EINVALID, "error.image_manifest_broken")
}

func (c *contents) ociManifest(mediaType string, document []byte) (whole, error) {
	w, p, err := readManifest(mediaType, document)
	if err != nil {
		return w, err
	}
	var ok bool
	if w.config, ok = c.documents[blobName(p.config.Digest)]; !ok {
		return w, core.Errorf(core.EINVALID, "error.image_config_missing")
	}
	for _, l := range p.layers {
		b, ok := c.blobs[blobName(l.Digest)]
		if !ok {
			return w, core.Errorf(core.EINVALID, "error.image_layer_missing", "name", short(l.Digest))
		}
		w.layers = append(w.layers, b)
	}
	return w, nil
}

// readManifest reads the manifest of one image. Errors: EINVALID.
func readManifest(mediaType string, document []byte) (whole, parts, error) {
	if mediaType == "" {
		mediaType = ocispec.MediaTypeImageManifest
	}
	m, d, err := distribution.UnmarshalManifest(mediaType, document)
	if err != nil {
		return whole{}, parts{}, core.Wrap(err, core.EINVALID, "error.image_manifest_broken")
	}
	p, err := partsOf(m)
	if err != nil {
		return whole{}, p, err
	}
	for _, blob := range p.digests() {
		if blob.Validate() != nil || blob.Algorithm() != digest.Canonical {
			return whole{}, p, core.Errorf(core.EINVALID, "error.image_manifest_broken")
		}
	}
	return whole{manifest: m, digest: d.Digest}, p, nil
}

func blobName(d digest.Digest) string {
	if d.Validate() != nil {
		return ""
	}
	return "blobs/" + d.Algorithm().String() + "/" + d.Encoded()
}

func isIndex(mediaType string) bool {
	return mediaType == string(types.OCIImageIndex) || mediaType == manifestlist.MediaTypeManifestList
}
