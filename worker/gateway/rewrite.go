package gateway

import (
	"slices"

	"berth/core"
)

// rewrite takes header fields out of a message and puts others in.
type rewrite struct {
	out   nameSet
	lines []byte // that are put in, each with its end
}

// newRewrite returns nil when nothing is to be done.
func newRewrite(rules []core.HeaderRule) *rewrite {
	if len(rules) == 0 {
		return nil
	}
	w := &rewrite{}
	for _, r := range rules {
		w.out.add(r.Name)
		if r.Value != "" {
			w.lines = append(append(append(append(w.lines, r.Name...), ": "...), r.Value...), crlf...)
		}
	}
	return w
}

// without returns w that takes one more field out; w may be nil.
func (w *rewrite) without(name string) *rewrite {
	if w == nil {
		w = &rewrite{}
	}
	w.out.add(name)
	return w
}

// appendFields appends the lines that pass, as head.appendFields does, and those that are put in.
func (w *rewrite) appendFields(dst, b []byte, h *head, passes func(kind) bool) []byte {
	if w == nil {
		return h.appendFields(dst, b, passes)
	}
	for _, f := range h.fields {
		if passes(f.kind) && !w.out.has(f.name.of(b)) && !(f.kind == plainField && h.dropped(b, f)) {
			dst = append(append(dst, b[f.name.from:f.value.to]...), crlf...)
		}
	}
	return append(dst, w.lines...)
}

// nameSet is a set of names of header fields, compared without case, and with "_" for "-", as which some servers
// read them.
type nameSet struct {
	lengths [4]uint64 // one bit for each length of a name, so that most fields need no further look
	names   []string
}

func (s *nameSet) add(name string) {
	lower := string(appendName(nil, []byte(name)))
	if len(lower) < 256 && !slices.Contains(s.names, lower) {
		s.lengths[len(lower)/64] |= 1 << (len(lower) % 64)
		s.names = append(s.names, lower)
	}
}

func (s *nameSet) has(name []byte) bool {
	n := len(name)
	if n >= 256 || s.lengths[n/64]&(1<<(n%64)) == 0 {
		return false
	}
	for _, other := range s.names {
		if len(other) == n && sameName(other, name) {
			return true
		}
	}
	return false
}

func sameName(lower string, name []byte) bool {
	for i, c := range name {
		if nameChar(c) != lower[i] {
			return false
		}
	}
	return true
}

func appendName(dst, name []byte) []byte {
	for _, c := range name {
		dst = append(dst, nameChar(c))
	}
	return dst
}

func nameChar(c byte) byte {
	if c == '_' {
		return '-'
	}
	return toLower(c)
}
