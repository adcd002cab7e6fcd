package image

import (
	"errors"
	"path"
	"strings"
	"unicode"

	"github.com/klauspost/compress/flate"
)

// maxShown is how much of a name from an archive is shown.
const maxShown = 80

// printable makes a name from an archive fit for a message: short, without control characters.
func printable(name string) string {
	clean := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, name)
	if runes := []rune(clean); len(runes) > maxShown {
		return string(runes[:maxShown]) + "…"
	}
	return clean
}

// local cleans the name of an entry of an archive. It is false for a name that is absolute, leads out of the archive
// or is no name at all.
func local(name string) (string, bool) {
	if name == "" || strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\x00\\") {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", false
		}
	}
	return path.Clean(name), true
}

// isCorrupt reports whether err says that compressed data makes no sense.
func isCorrupt(err error) bool {
	_, ok := errors.AsType[flate.CorruptInputError](err)
	return ok
}
