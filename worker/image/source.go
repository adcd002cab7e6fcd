package image

import (
	"strings"

	"github.com/distribution/reference"
	"github.com/google/go-containerregistry/pkg/name"

	"berth/core"
)

// Where a source lies that only the operator's catalogue may name, in the notation of containers-transports(5).
const (
	dockerArchive = "docker-archive:"
	ociArchive    = "oci-archive:"
	dockerDaemon  = "docker-daemon:"
)

const maxReference = 255

// parseReference reads an image name as docker pull does: "nginx" is "docker.io/library/nginx:latest".
// Errors: EINVALID at "image", ENOTFOUND for a name in this registry.
func (s *Store) parseReference(ref string) (name.Reference, error) {
	if len(ref) > maxReference {
		return nil, core.Invalid("image", "error.image_name_long", "max", "255")
	}
	named, err := reference.ParseDockerRef(ref)
	if err != nil || reference.Domain(named) != strings.ToLower(reference.Domain(named)) {
		return nil, core.Invalid("image", "error.image_name", "name", printable(ref))
	}
	if s.opts.Host != "" && reference.Domain(named) == s.opts.Host {
		return nil, core.NotFound()
	}
	r, err := name.ParseReference(named.String())
	if err != nil {
		return nil, core.Invalid("image", "error.image_name", "name", printable(ref))
	}
	return r, nil
}

// archivePath returns the file that an archive source names. In "docker-archive:/srv/redis.tar:redis:7" the name
// behind the path is not needed: a source holds one image.
func archivePath(ref string) (string, bool) {
	for _, prefix := range []string{dockerArchive, ociArchive} {
		if rest, ok := strings.CutPrefix(ref, prefix); ok {
			path, _, _ := strings.Cut(rest, ":")
			return path, true
		}
	}
	return "", false
}
