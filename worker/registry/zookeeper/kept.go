package zookeeper

import (
	"cmp"
	"strings"

	"berth/core"
)

// kept are the entries of a family that can be read, by path.
type kept[T interface{ Validate() error }] struct {
	family[T]
	refusals *refusals
	entries  map[string]T
}

func keep[T interface{ Validate() error }](f family[T], r *refusals) kept[T] {
	return kept[T]{f, r, map[string]T{}}
}

func (k kept[T]) covers(e entry) bool { return strings.HasPrefix(e.path, k.root+"/") }

// update takes over one entry and adds it to what is told. One that became malformed is in force no more.
func (k kept[T]) update(e entry, changed *[]T, removed *[]string, refused *[]core.RefusedEntry) {
	if !e.gone {
		v, err := k.parse(e.path, e.data)
		if err = cmp.Or(e.err, err); err == nil {
			k.refusals.mended(e.path)
			k.entries[e.path] = v
			*changed = append(*changed, v)
			return
		}
		*refused = append(*refused, k.refusals.refuse(e.path, err))
	}
	if old, ok := k.entries[e.path]; ok {
		delete(k.entries, e.path)
		*removed = append(*removed, k.name(old))
	}
}
