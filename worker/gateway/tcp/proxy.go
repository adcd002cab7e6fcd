package tcp

import (
	"encoding/binary"
	"net/netip"
)

// proxySignature begins every header of the PROXY protocol, version 2.
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader says from where a client connects and to what, in the PROXY protocol, version 2.
func proxyHeader(from, to netip.AddrPort) []byte {
	const command, tcp4, tcp6 = 0x21, 0x11, 0x21 // version 2, PROXY; TCP over IPv4 and IPv6
	source, target, family := from.Addr().Unmap(), to.Addr().Unmap(), byte(tcp4)
	if !source.Is4() || !target.Is4() {
		family = tcp6
		source, target = netip.AddrFrom16(source.As16()), netip.AddrFrom16(target.As16())
	}
	h := append([]byte(proxySignature), command, family, 0, 0)
	h = append(h, source.AsSlice()...)
	h = append(h, target.AsSlice()...)
	h = binary.BigEndian.AppendUint16(h, from.Port())
	h = binary.BigEndian.AppendUint16(h, to.Port())
	binary.BigEndian.PutUint16(h[14:], uint16(len(h)-16))
	return h
}
