package gateway

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"berth/core"
)

// Paths are compared segment by segment, an escaped character as what it stands for, and passed on as they came.
// Servers read some paths in two ways: "/a/../api", "//api", "/api%2fx", "/api\x". Where the two would lead to
// different apps, the request leads to neither.

// pathRule leads the requests below a prefix to another app.
type pathRule struct {
	prefix string // without a slash at its end
	app    *app
	strip  bool
}

// newPathRules returns rules with the longest prefix first; of finds an app.
func newPathRules(rules []core.PathRule, of func(id string) *app) []pathRule {
	var made []pathRule
	for _, r := range rules {
		made = append(made, pathRule{strings.TrimSuffix(r.Prefix, "/"), of(r.AppID), r.Strip})
	}
	slices.SortStableFunc(made, func(a, b pathRule) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	return made
}

// findPath returns the rule for a path, nil for none, and how long the prefix is in it. ok is false when the path may
// be read in two ways of which a rule means one only.
func findPath(rules []pathRule, path []byte) (rule *pathRule, length int, ok bool) {
	at, length := matchPath(rules, path)
	if ambiguous(path) {
		var space [512]byte
		if other, _ := matchPath(rules, appendPlain(space[:0], path)); other != at {
			return nil, 0, false
		}
	}
	if at < 0 {
		return nil, 0, true
	}
	return &rules[at], length, true
}

func matchPath(rules []pathRule, path []byte) (at, length int) {
	for i := range rules {
		if n := prefixLength(path, rules[i].prefix); n >= 0 {
			return i, n
		}
	}
	return -1, 0
}

// prefixLength returns how many bytes of a path a prefix takes, or -1 when the path is not below it. A prefix has no
// slash at its end.
func prefixLength(path []byte, prefix string) int {
	at := 0
	for i := range len(prefix) {
		if at == len(path) {
			return -1
		}
		c, n := unescape(path[at:])
		if c != prefix[i] || n > 1 && (c == '/' || c == '.') {
			return -1
		}
		at += n
	}
	if at < len(path) && path[at] != '/' {
		return -1
	}
	return at
}

// unescape returns the first character of a path and how many bytes stand for it.
func unescape(path []byte) (c byte, n int) {
	if path[0] == '%' && len(path) > 2 {
		high, ok := fromHex(path[1])
		low, also := fromHex(path[2])
		if ok && also {
			return high<<4 | low, 3
		}
	}
	return path[0], 1
}

func fromHex(c byte) (byte, bool) {
	switch {
	case isDigit(c):
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}

// pathOf returns the path of a target: what stands before its query.
func pathOf(target []byte) []byte {
	if end := bytes.IndexAny(target, "?#"); end >= 0 {
		return target[:end]
	}
	return target
}

// ambiguous reports whether a path has anything that servers read differently. Most have not.
func ambiguous(path []byte) bool {
	for i, c := range path {
		switch c {
		case '%', '\\':
			return true
		case '/', '.':
			if i > 0 && path[i-1] == '/' {
				return true
			}
		}
	}
	return false
}

// appendPlain appends a path as a server may read it that resolves everything: escapes, backslashes, empty segments,
// and dots.
func appendPlain(dst, path []byte) []byte {
	for at := 0; at < len(path); {
		c, n := unescape(path[at:])
		at += n
		if c != '/' && c != '\\' {
			dst = append(dst, c)
			if at < len(path) {
				continue
			}
		}
		dst = endSegment(dst)
		if c == '/' || c == '\\' {
			dst = append(dst, '/')
		}
	}
	return dst
}

// endSegment takes back a last segment that says nothing, or that takes another back.
func endSegment(path []byte) []byte {
	from := bytes.LastIndexByte(path, '/')
	switch segment := string(path[from+1:]); {
	case from >= 0 && (segment == "" || segment == "."):
		return path[:from]
	case from >= 0 && segment == "..":
		return path[:max(bytes.LastIndexByte(path[:from], '/'), 0)]
	}
	return path
}
