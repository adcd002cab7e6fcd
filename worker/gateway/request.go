package gateway

import (
	"bytes"
	"math"
)

// request is the head of a request. Its zero value is ready.
type request struct {
	head
	begun   bool // the request line is parsed
	method  span
	target  span
	host    span // the one Host field
	old     bool // HTTP/1.0
	isHead  bool
	replay  bool // GET or HEAD without a body: may be sent a second time
	close   bool // the client wants the connection closed afterwards
	upgrade bool // to a WebSocket
	expect  bool // 100-continue
	framing framing
	length  int64 // of the body, for byLength
}

// framing says how the end of a body is found.
type framing byte

const (
	noBody framing = iota
	byLength
	byChunks
	byClose
)

func (r *request) reset() {
	fields := r.fields[:0]
	*r = request{head: head{fields: fields, strict: true}}
}

// parse goes on parsing b, which begins where the head does. Errors: errMore, or a *refusal.
func (r *request) parse(b []byte) error {
	if !r.begun {
		if err := r.parseLine(b); err != nil {
			return refusalOf(err)
		}
		r.begun = true
	}
	if err := r.parseFields(b); err != nil {
		return refusalOf(err)
	}
	return r.check(b)
}

// parseLine parses "METHOD target HTTP/1.1" with one space each. An empty line may come before it, as old clients send
// one behind a body.
func (r *request) parseLine(b []byte) error {
	line, err := r.line(b)
	if err == nil && line == (span{}) {
		line, err = r.line(b)
	}
	if err != nil {
		return err
	}
	text := line.of(b)
	first, last := bytes.IndexByte(text, ' '), bytes.LastIndexByte(text, ' ')
	if first <= 0 || last <= first+1 {
		return errMalformed
	}
	r.method = span{line.from, line.from + first}
	r.target = span{r.method.to + 1, line.from + last}
	if !all(r.method.of(b), &tokenChars) || !all(r.target.of(b), &targetChars) {
		return errMalformed
	}
	switch version := string(text[last+1:]); {
	case version == "HTTP/1.1":
	case version == "HTTP/1.0":
		r.old = true
	case len(version) == 8 && version[:5] == "HTTP/" && isDigit(version[5]) && version[6] == '.' && isDigit(version[7]):
		return refuseVersion
	default:
		return errMalformed
	}
	return nil
}

func all(text []byte, chars *[256]bool) bool {
	for _, c := range text {
		if !chars[c] {
			return false
		}
	}
	return true
}

// check applies the rules on the whole head. Whatever two servers might read differently is refused.
func (r *request) check(b []byte) error {
	switch string(r.method.of(b)) {
	case "CONNECT", "TRACE":
		return refuseMethod
	case "HEAD":
		r.isHead, r.replay = true, true
	case "GET":
		r.replay = true
	}
	var seen [disguised + 1]int
	for _, f := range r.fields {
		seen[f.kind]++
		switch f.kind {
		case hostField:
			r.host = f.value
		case lengthField:
			n, ok := parseLength(f.value.of(b))
			if !ok {
				return refuseFraming
			}
			r.framing, r.length = byLength, n
		case transferField:
			if !bytes.EqualFold(f.value.of(b), chunkedCoding) {
				return refuseFraming
			}
		case expectField:
			r.expect = !r.old && bytes.EqualFold(f.value.of(b), continueValue)
		}
	}
	if seen[hostField] != 1 || !r.checkTarget(b) {
		return refuseMalformed
	}
	if seen[lengthField]+seen[transferField] > 1 || seen[transferField] > 0 && r.old {
		return refuseFraming
	}
	if seen[transferField] > 0 {
		r.framing = byChunks
	}
	if r.framing == byLength && r.length == 0 {
		r.framing = noBody
	}
	r.replay = r.replay && r.framing == noBody
	r.checkConnection(b)
	return nil
}

// checkTarget takes a path, "*" for OPTIONS, and a URL of the host that the Host field names.
func (r *request) checkTarget(b []byte) bool {
	target := r.target.of(b)
	if target[0] == '/' || r.isAsterisk(b) {
		return true
	}
	rest, ok := cutPrefixFold(target, "http://")
	if !ok {
		if rest, ok = cutPrefixFold(target, "https://"); !ok {
			return false
		}
	}
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	r.target.from = r.target.to - len(rest) + end
	return end > 0 && bytes.EqualFold(rest[:end], r.host.of(b))
}

func (r *request) isAsterisk(b []byte) bool {
	return string(r.target.of(b)) == "*" && string(r.method.of(b)) == "OPTIONS"
}

func cutPrefixFold(b []byte, prefix string) ([]byte, bool) {
	if len(b) < len(prefix) || !bytes.EqualFold(b[:len(prefix)], []byte(prefix)) {
		return b, false
	}
	return b[len(prefix):], true
}

// checkConnection reads the options of the connection, and what it is to become.
func (r *request) checkConnection(b []byte) {
	keep, upgrade := !r.old, false
	r.eachOption(b, func(option []byte) {
		switch {
		case bytes.EqualFold(option, closeOption):
			r.close = true
		case bytes.EqualFold(option, keepAliveOption):
			keep = true
		case bytes.EqualFold(option, upgradeOption):
			upgrade = true
		default:
			r.listed = true
		}
	})
	r.close = r.close || !keep
	if !upgrade || r.old || r.framing != noBody || string(r.method.of(b)) != "GET" {
		return
	}
	for _, f := range r.fields {
		// Nothing but WebSockets: a tunnel to cleartext HTTP/2, say, would carry requests past all checks.
		r.upgrade = r.upgrade || f.kind == upgradeField && bytes.EqualFold(f.value.of(b), websocketProtocol)
	}
}

// parseLength takes digits only.
func parseLength(b []byte) (int64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	n := int64(0)
	for _, c := range b {
		if !isDigit(c) || n > (math.MaxInt64-9)/10 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

var (
	chunkedCoding     = []byte("chunked")
	continueValue     = []byte("100-continue")
	closeOption       = []byte("close")
	keepAliveOption   = []byte("keep-alive")
	upgradeOption     = []byte("upgrade")
	websocketProtocol = []byte("websocket")
)
