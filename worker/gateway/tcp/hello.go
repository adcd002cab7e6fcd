package tcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"strings"
)

// maxHello is how many bytes the first message of a TLS client may have, with what it is wrapped in.
const maxHello = 16 << 10

// What PostgreSQL's clients ask before anything else.
var (
	sslRequest = []byte{0, 0, 0, 8, 4, 210, 22, 47}
	gssRequest = []byte{0, 0, 0, 8, 4, 210, 22, 48}
)

// hello is what a client said first.
type hello struct {
	read     []byte // all of it, but for the questions of PostgreSQL that were answered
	name     string // of the server, lower case; "" when it named none
	tls      bool
	postgres bool // it asked for TLS as PostgreSQL's clients do
}

var (
	errShort  = errors.New("tcp: the hello goes on")
	errNoTLS  = errors.New("tcp: this is no hello of TLS")
	errTooBig = errors.New("tcp: the hello is too large")
)

// readHello reads until the name of the server is known, or that there is none. The connection's deadline bounds it.
func readHello(c net.Conn) (hello, error) {
	var h hello
	buffer := make([]byte, 0, 2<<10)
	for {
		if len(buffer) == cap(buffer) {
			buffer = append(buffer, make([]byte, len(buffer))...)[:len(buffer)]
		}
		n, err := c.Read(buffer[len(buffer):cap(buffer)])
		if err != nil {
			return h, err
		}
		buffer = buffer[:len(buffer)+n]
		if !h.postgres {
			if buffer, err = h.answerPostgres(c, buffer); err != nil {
				return h, err
			}
		}
		if len(buffer) == 0 || len(buffer) < len(sslRequest) && bytes.HasPrefix(sslRequest, buffer) {
			continue
		}
		h.name, err = serverName(buffer)
		h.read, h.tls = buffer, err == nil
		switch {
		case err == nil || err == errNoTLS:
			return h, nil
		case len(buffer) >= maxHello:
			return h, errTooBig
		}
	}
}

// answerPostgres answers what PostgreSQL's clients ask first and takes it off the buffer: encryption by GSS is
// declined, TLS agreed to.
func (h *hello) answerPostgres(c net.Conn, buffer []byte) ([]byte, error) {
	for _, q := range []struct{ question, answer []byte }{{gssRequest, []byte("N")}, {sslRequest, []byte("S")}} {
		if !bytes.HasPrefix(buffer, q.question) {
			continue
		}
		if _, err := c.Write(q.answer); err != nil {
			return buffer, err
		}
		h.postgres = q.answer[0] == 'S'
		return append(buffer[:0], buffer[len(q.question):]...), nil
	}
	return buffer, nil
}

// serverName reads the name of the server from the beginning of what a TLS client sends, RFC 8446, 4.1.2, and RFC
// 6066, 3. Errors: errShort when more is needed, errNoTLS.
func serverName(sent []byte) (string, error) {
	message, err := handshake(sent)
	if err != nil {
		return "", err
	}
	f := field{rest: message}
	f.skip(2 + 32) // version and random
	f.take(1)      // session
	f.take(2)      // cipher suites
	f.take(1)      // compression
	if f.bad {
		return "", errNoTLS
	}
	if len(f.rest) == 0 {
		return "", nil // without extensions
	}
	extensions := field{rest: f.take(2)}
	for len(extensions.rest) > 0 && !extensions.bad {
		kind := extensions.number(2)
		body := field{rest: extensions.take(2)}
		if kind == 0 && !extensions.bad {
			return nameIn(field{rest: body.take(2)})
		}
	}
	if f.bad || extensions.bad {
		return "", errNoTLS
	}
	return "", nil
}

// nameIn reads the list of an extension of kind server_name.
func nameIn(list field) (string, error) {
	for len(list.rest) > 0 && !list.bad {
		kind := list.number(1)
		name := string(list.take(2))
		if kind == 0 && !list.bad {
			return strings.ToLower(strings.TrimSuffix(name, ".")), nil
		}
	}
	if list.bad {
		return "", errNoTLS
	}
	return "", nil
}

// handshake returns the body of the client's hello, which may lie in several records.
func handshake(sent []byte) ([]byte, error) {
	const recordHead, handshakeHead, kindHandshake, kindHello = 5, 4, 22, 1
	var message []byte
	for {
		if len(sent) > 0 && sent[0] != kindHandshake || len(sent) > 1 && sent[1] != 3 {
			return nil, errNoTLS
		}
		if len(sent) < recordHead {
			return nil, errShort
		}
		size := int(binary.BigEndian.Uint16(sent[3:]))
		if size == 0 || size > 16<<10 {
			return nil, errNoTLS
		}
		rest := sent[recordHead:]
		message = append(message, rest[:min(size, len(rest))]...)
		if len(message) > 0 && message[0] != kindHello {
			return nil, errNoTLS
		}
		if len(message) >= handshakeHead {
			whole := handshakeHead + int(message[1])<<16 + int(message[2])<<8 + int(message[3])
			if whole > maxHello {
				return nil, errNoTLS
			}
			if len(message) >= whole {
				return message[handshakeHead:whole], nil
			}
		}
		if len(rest) < size {
			return nil, errShort
		}
		sent = rest[size:]
	}
}

// field takes a message apart. Once something is missing it is bad, and everything it gives is empty.
type field struct {
	rest []byte
	bad  bool
}

func (f *field) skip(n int) []byte {
	if n > len(f.rest) {
		f.rest, f.bad = nil, true
		return nil
	}
	head := f.rest[:n]
	f.rest = f.rest[n:]
	return head
}

// number takes one of so many bytes.
func (f *field) number(size int) int {
	n := 0
	for _, b := range f.skip(size) {
		n = n<<8 | int(b)
	}
	return n
}

// take takes what has its length before it, in so many bytes.
func (f *field) take(size int) []byte { return f.skip(f.number(size)) }
