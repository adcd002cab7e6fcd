package image

import "github.com/opencontainers/go-digest"

// ownTag is the tag of an image that has no label yet.
func ownTag(d digest.Digest) string { return d.Algorithm().String() + "-" + d.Encoded() }
