package docker

import (
	"encoding/binary"
	"hash/fnv"
	"iter"
	"net/netip"
)

// networkBits is the size of a tenant's network: 126 addresses, one of them the bridge's.
const networkBits = 25

// freeSubnets yields the parts of pool that overlap nothing taken. It begins at a place that the name chooses, so
// that several who look at the same time seldom want the same.
func freeSubnets(pool netip.Prefix, name string, taken []netip.Prefix) iter.Seq[netip.Prefix] {
	base := pool.Masked().Addr().As4()
	first, count := binary.BigEndian.Uint32(base[:]), uint32(1)<<(networkBits-pool.Bits())
	h := fnv.New32a()
	h.Write([]byte(name))
	start := h.Sum32() % count
	return func(yield func(netip.Prefix) bool) {
		for i := range count {
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], first+(start+i)%count<<(32-networkBits))
			p := netip.PrefixFrom(netip.AddrFrom4(a), networkBits)
			if !overlapsAny(p, taken) && !yield(p) {
				return
			}
		}
	}
}

func overlapsAny(p netip.Prefix, taken []netip.Prefix) bool {
	for _, t := range taken {
		if p.Overlaps(t) {
			return true
		}
	}
	return false
}
