package image

import (
	"encoding/json"
	"path"
	"strconv"

	"github.com/opencontainers/go-digest"

	"berth/core"
)

// dockerImage reads the manifest.json of docker save. RepoTags, the names that the image had elsewhere, are not looked
// at: an archive cannot say what it becomes here.
func (c *contents) dockerImage(list []byte) (whole, error) {
	var entries []struct {
		Config string
		Layers []string
	}
	if err := json.Unmarshal(list, &entries); err != nil {
		return whole{}, core.Wrap(err, core.EINVALID, "error.image_manifest_broken")
	}
	switch {
	case len(entries) == 0:
		return whole{}, core.Errorf(core.EINVALID, "error.image_manifest_missing")
	case len(entries) > 1:
		return whole{}, core.Errorf(core.EINVALID, "error.image_several")
	}
	config, ok := c.documents[c.archive.resolve(path.Clean(entries[0].Config))]
	if !ok {
		return whole{}, core.Errorf(core.EINVALID, "error.image_config_missing")
	}
	w := whole{config: config}
	for _, name := range entries[0].Layers {
		b, ok := c.blobs[c.archive.resolve(path.Clean(name))]
		if !ok {
			return whole{}, core.Errorf(core.EINVALID, "error.image_layer_missing", "name", printable(name))
		}
		w.layers = append(w.layers, b)
	}
	var err error
	w.manifest, w.digest, err = newManifest(config, w.layers)
	return w, err
}

// checkCount compares the number of layers with that of the configuration and with the most that can run.
func checkCount(layers, configured, most int) error {
	switch {
	case layers > most:
		return core.Errorf(core.EINVALID, "error.image_layers", "max", strconv.Itoa(most), "count", strconv.Itoa(layers))
	case layers != configured:
		return core.Errorf(core.EINVALID, "error.image_layer_count",
			"count", strconv.Itoa(layers), "expected", strconv.Itoa(configured))
	}
	return nil
}

// short is as much of a digest as people compare.
func short(d digest.Digest) string {
	hex := d.Encoded()
	return hex[:min(12, len(hex))]
}
