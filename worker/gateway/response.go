package gateway

import (
	"bytes"
	"errors"
)

// response is the head of a response. Its zero value is ready.
type response struct {
	head
	begun   bool
	status  int
	reason  span // what stands behind "HTTP/1.1 ": the code and its reason
	old     bool // HTTP/1.0
	close   bool // the instance closes the connection afterwards
	framing framing
	length  int64 // for byLength
	sized   bool  // has a Content-Length, be there a body or not
}

var errBadResponse = errors.New("the instance's response is malformed")

func (r *response) reset() {
	fields := r.fields[:0]
	*r = response{head: head{fields: fields}}
}

// parse goes on parsing b, which begins where the head does. forHead says that the request was HEAD.
// Errors: errMore, errBadResponse.
func (r *response) parse(b []byte, forHead bool) error {
	err := r.parseHead(b)
	if err == nil {
		err = r.check(b, forHead)
	}
	if err != nil && err != errMore {
		return errBadResponse
	}
	return err
}

func (r *response) parseHead(b []byte) error {
	if !r.begun {
		line, err := r.line(b)
		if err != nil {
			return err
		}
		if err := r.parseStatus(b, line); err != nil {
			return err
		}
		r.begun = true
	}
	return r.parseFields(b)
}

// parseStatus parses "HTTP/1.1 200 OK"; the reason may be missing.
func (r *response) parseStatus(b []byte, line span) error {
	text := line.of(b)
	if len(text) < len("HTTP/1.1 200") || string(text[:7]) != "HTTP/1." || text[8] != ' ' || !isDigit(text[7]) {
		return errMalformed
	}
	r.old = text[7] == '0'
	r.reason = span{line.from + 9, line.to}
	status, ok := parseLength(text[9:12])
	if !ok || status < 100 || len(text) > 12 && text[12] != ' ' || !all(text[9:], &valueChars) {
		return errMalformed
	}
	r.status = int(status)
	return nil
}

// check finds how the body ends. What leaves two readings is refused.
func (r *response) check(b []byte, forHead bool) error {
	r.framing = byClose
	coded := false
	for _, f := range r.fields {
		switch f.kind {
		case lengthField:
			n, ok := parseLength(f.value.of(b))
			if !ok || r.sized {
				return errMalformed
			}
			r.sized, r.length = true, n
		case transferField:
			if coded || r.old || !bytes.EqualFold(f.value.of(b), chunkedCoding) {
				return errMalformed
			}
			coded = true
		}
	}
	switch {
	case forHead || r.status < 200 || r.status == 204 || r.status == 304:
		r.framing = noBody
	case coded && r.sized:
		return errMalformed
	case coded:
		r.framing = byChunks
	case r.sized:
		r.framing = byLength
	}
	r.checkConnection(b)
	return nil
}

func (r *response) checkConnection(b []byte) {
	keep := !r.old
	r.eachOption(b, func(option []byte) {
		switch {
		case bytes.EqualFold(option, closeOption):
			r.close = true
		case bytes.EqualFold(option, keepAliveOption):
			keep = true
		case !bytes.EqualFold(option, upgradeOption):
			r.listed = true
		}
	})
	r.close = r.close || !keep || r.framing == byClose
}

// interim reports whether another response follows this one.
func (r *response) interim() bool { return r.status < 200 && r.status != 101 }
