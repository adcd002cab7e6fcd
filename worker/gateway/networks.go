package gateway

import (
	"net/netip"
	"slices"

	"berth/core"
)

// networks is a set of addresses: ranges in order that do not overlap, of which one is found by halves.
type networks struct{ ranges []addressRange }

type addressRange struct{ from, to netip.Addr }

// newNetworks returns the set of all that is listed, nil for an empty list. What cannot be read is left out: who
// publishes a route has refused it.
func newNetworks(list []string) *networks {
	if len(list) == 0 {
		return nil
	}
	ranges := make([]addressRange, 0, len(list))
	for _, text := range list {
		if p, err := core.ParseNetwork(text); err == nil {
			ranges = append(ranges, rangeOf(p))
		}
	}
	slices.SortFunc(ranges, func(a, b addressRange) int { return a.from.Compare(b.from) })
	return &networks{slices.Clip(joined(ranges))}
}

// rangeOf takes IPv4 addresses that are written as IPv6 for what they are, as connections have them.
func rangeOf(p netip.Prefix) addressRange {
	from, bits := p.Masked().Addr(), p.Bits()
	if from.Is4In6() && bits >= 96 {
		from, bits = from.Unmap(), bits-96
	}
	last := from.AsSlice()
	for i := bits; i < len(last)*8; i++ {
		last[i/8] |= 0x80 >> (i % 8)
	}
	to, _ := netip.AddrFromSlice(last)
	return addressRange{from, to}
}

// joined drops what lies within another range; networks never overlap in part.
func joined(sorted []addressRange) []addressRange {
	kept := sorted[:0]
	for _, r := range sorted {
		n := len(kept)
		switch {
		case n == 0 || kept[n-1].to.Less(r.from):
			kept = append(kept, r)
		case kept[n-1].to.Less(r.to): // the same first address, and more of them
			kept[n-1].to = r.to
		}
	}
	return kept
}

// has reports whether a is in the set; nothing is in nil.
func (n *networks) has(a netip.Addr) bool {
	if n == nil {
		return false
	}
	low, high := 0, len(n.ranges) // the first range that ends at a or later
	for low < high {
		if mid := (low + high) / 2; n.ranges[mid].to.Less(a) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low < len(n.ranges) && !a.Less(n.ranges[low].from)
}
