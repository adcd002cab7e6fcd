package gateway

import (
	"bytes"
	"errors"
)

// head is the lines of a message before its body, or of its trailer. It is parsed as it comes, line by line, so that
// a malformed line is refused at once. It holds places in the bytes and no bytes: whoever asks brings them.
type head struct {
	fields []field
	pos    int  // so many bytes are parsed
	strict bool // every line ends with CR LF; else a bare LF will do
	listed bool // a Connection field names fields that go no further
}

type span struct{ from, to int }

func (s span) of(b []byte) []byte { return b[s.from:s.to] }

// field is one line "name: value", value without the white space around it.
type field struct {
	name, value span
	kind        kind
}

var (
	errMore      = errors.New("more bytes are needed")
	errMalformed = errors.New("malformed message")
	errTooMany   = errors.New("too many header fields")
)

func (h *head) reset() {
	h.fields, h.pos, h.listed = h.fields[:0], 0, false
}

// line returns the next line of b without its end. Errors: errMore, errMalformed.
func (h *head) line(b []byte) (span, error) {
	n := bytes.IndexByte(b[h.pos:], '\n')
	if n < 0 {
		return span{}, errMore
	}
	line := span{h.pos, h.pos + n}
	h.pos = line.to + 1
	switch {
	case n > 0 && b[line.to-1] == '\r':
		line.to--
	case h.strict:
		return span{}, errMalformed
	}
	return line, nil
}

// parseFields parses up to and with the empty line. Errors: errMore, errMalformed, errTooMany.
func (h *head) parseFields(b []byte) error {
	for {
		line, err := h.line(b)
		if err != nil {
			return err
		}
		if line.from == line.to {
			return nil
		}
		if len(h.fields) == MaxHeaders {
			return errTooMany
		}
		f, ok := parseField(b, line)
		if !ok {
			return errMalformed
		}
		h.fields = append(h.fields, f)
	}
}

// parseField takes nothing but a token, a colon right behind it, and a value without control characters. That leaves
// out folded lines, white space before the colon, and a bare CR.
func parseField(b []byte, line span) (field, bool) {
	colon := line.from
	for colon < line.to && tokenChars[b[colon]] {
		colon++
	}
	if colon == line.from || colon == line.to || b[colon] != ':' {
		return field{}, false
	}
	value := trim(b, span{colon + 1, line.to})
	for _, c := range value.of(b) {
		if !valueChars[c] {
			return field{}, false
		}
	}
	name := span{line.from, colon}
	return field{name, value, kindOf(name.of(b))}, true
}

func trim(b []byte, s span) span {
	for s.from < s.to && isBlank(b[s.from]) {
		s.from++
	}
	for s.from < s.to && isBlank(b[s.to-1]) {
		s.to--
	}
	return s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// eachOption calls f with every option of the Connection fields.
func (h *head) eachOption(b []byte, f func(option []byte)) {
	for _, x := range h.fields {
		if x.kind != connectionField {
			continue
		}
		for option := range bytes.SplitSeq(x.value.of(b), comma) {
			if option = bytes.Trim(option, " \t"); len(option) > 0 {
				f(option)
			}
		}
	}
}

// dropped reports whether a Connection field names f, so that it goes no further.
func (h *head) dropped(b []byte, f field) bool {
	found := false
	if h.listed {
		h.eachOption(b, func(option []byte) {
			found = found || bytes.EqualFold(option, f.name.of(b))
		})
	}
	return found
}

// appendFields appends the lines that pass, as they came.
func (h *head) appendFields(dst, b []byte, passes func(kind) bool) []byte {
	for _, f := range h.fields {
		if passes(f.kind) && !(f.kind == plainField && h.dropped(b, f)) {
			dst = append(append(dst, b[f.name.from:f.value.to]...), crlf...)
		}
	}
	return dst
}

var comma = []byte(",")
