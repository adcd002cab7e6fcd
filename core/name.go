package core

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	slugPattern  = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	namePattern  = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'-]*$`)
	labelPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	nonSlug      = regexp.MustCompile(`[^a-z0-9]+`)
)

// reservedSlugs are names that would stand for a part of Berth or mislead a visitor.
var reservedSlugs = map[string]bool{
	"www": true, "api": true, "admin": true, "berth": true, "localhost": true, "portal": true, "gateway": true,
	"registry": true, "static": true, "uploads": true, "v2": true, "mail": true, "ns": true, "healthz": true,
}

// ValidateSlug checks the id of an app or tenant: 2 to 63 of a-z, 0-9 and inner hyphens (it is a DNS label,
// RFC 1123, a repository name and a container name), and not reserved. Errors: EINVALID at field.
func ValidateSlug(field, slug string) error {
	switch {
	case len(slug) < 2:
		return Invalid(field, "error.name_short")
	case len(slug) > 63:
		return Invalid(field, "error.name_long", "max", "63")
	case !slugPattern.MatchString(slug):
		return Invalid(field, "error.slug_malformed")
	case reservedSlugs[slug]:
		return Invalid(field, "error.name_reserved", "name", slug)
	}
	return nil
}

// ValidateName checks a name that people read: 2 to 63 characters, letters, digits and " ._'-", beginning with a
// letter or digit. Errors: EINVALID at field.
func ValidateName(field, name string) error {
	switch n := utf8.RuneCountInString(name); {
	case n < 2:
		return Invalid(field, "error.name_short")
	case n > 63:
		return Invalid(field, "error.name_long", "max", "63")
	case !namePattern.MatchString(name):
		return Invalid(field, "error.name_malformed")
	}
	return nil
}

// Slugify derives an id from a name: "Tea shop" becomes "tea-shop"; "" when nothing of it can be kept.
func Slugify(name string) string {
	return strings.Trim(nonSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
}

// ValidateLabel checks a version label: 1 to 128 of letters, digits, "_", "." and "-", not beginning with "." or
// "-" (an image tag, as the OCI distribution specification has it). Errors: EINVALID at field.
func ValidateLabel(field, label string) error {
	if len(label) > 128 || !labelPattern.MatchString(label) {
		return Invalid(field, "error.label_malformed")
	}
	return nil
}
