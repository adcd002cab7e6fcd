package image

import (
	"slices"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"berth/core"
)

// choose picks the image for Linux on arch among those of an index. An index of one image is that image, whatever it
// is for: whether it can run is for others to say. Errors: EINVALID when none fits, or several do.
func choose(index []ocispec.Descriptor, arch string) (ocispec.Descriptor, error) {
	images := imagesOf(index)
	var fitting []ocispec.Descriptor
	for _, d := range images {
		if p := d.Platform; p != nil && p.OS == "linux" && p.Architecture == arch {
			fitting = append(fitting, d)
		}
	}
	switch {
	case len(fitting) == 1:
		return fitting[0], nil
	case len(fitting) > 1, len(images) > 1 && namesNoPlatform(images):
		return ocispec.Descriptor{}, core.Errorf(core.EINVALID, "error.image_several")
	case len(images) == 1:
		return images[0], nil
	case len(images) == 0:
		return ocispec.Descriptor{}, core.Errorf(core.EINVALID, "error.image_manifest_missing")
	}
	return ocispec.Descriptor{}, core.Errorf(core.EINVALID, "error.image_arch_missing", "arch", arch, "found", archsOf(images))
}

// imagesOf leaves out what only tells something about an image, and what is listed twice under two names.
func imagesOf(index []ocispec.Descriptor) []ocispec.Descriptor {
	var images []ocispec.Descriptor
	for _, d := range index {
		about := d.Annotations["vnd.docker.reference.type"] != "" ||
			d.Platform != nil && d.Platform.OS == "unknown"
		twice := slices.ContainsFunc(images, func(i ocispec.Descriptor) bool { return i.Digest == d.Digest })
		if !about && !twice {
			images = append(images, d)
		}
	}
	return images
}

func namesNoPlatform(images []ocispec.Descriptor) bool {
	return slices.ContainsFunc(images, func(d ocispec.Descriptor) bool { return d.Platform == nil })
}

func archsOf(images []ocispec.Descriptor) string {
	var names []string
	for _, d := range images {
		names = append(names, strings.Trim(d.Platform.OS+"/"+d.Platform.Architecture, "/"))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
