package gateway

import "net/netip"

// peer is what the gateway says of a client to instances.
type peer struct {
	ip      netip.Addr
	address string // IP
	node    string // the same as Forwarded has it
	proto   string // "http" or "https"
}

// appendForward appends the head of r as the instance gets it; b is what r was parsed from, rules those of the app, or nil. Where the request came
// from is said by the gateway alone.
func appendForward(dst, b []byte, r *request, p *peer, rules *ruleset) []byte {
	dst = append(append(dst, r.method.of(b)...), ' ')
	if first := b[r.target.from : r.target.from+1]; first[0] != '/' && !r.isAsterisk(b) {
		dst = append(dst, '/')
	}
	dst = append(append(dst, r.target.of(b)...), " HTTP/1.1\r\n"...)
	if rules == nil {
		dst = r.appendFields(dst, b, passesToInstance)
	} else {
		dst = rules.request.appendFields(dst, b, &r.head, passesToInstance)
	}
	switch {
	case r.framing == byChunks:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case r.upgrade:
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	}
	if r.expect && r.framing != noBody {
		dst = append(dst, "Expect: 100-continue\r\n"...)
	}
	host := r.host.of(b)
	dst = append(append(append(dst, "X-Forwarded-For: "...), p.address...), crlf...)
	dst = append(append(append(dst, "X-Forwarded-Host: "...), host...), crlf...)
	dst = append(append(append(dst, "X-Forwarded-Proto: "...), p.proto...), crlf...)
	dst = append(append(dst, "Forwarded: for="...), p.node...)
	dst = append(append(append(dst, `;host="`...), host...), `";proto=`...)
	return append(append(append(dst, p.proto...), crlf...), crlf...)
}
