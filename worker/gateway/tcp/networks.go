package tcp

import (
	"net/netip"
	"slices"

	"berth/core"
)

// networks finds the network of an address by one look for each length of prefix that there is, however many networks
// there are.
type networks struct {
	lengths4, lengths6 []int
	set                map[netip.Prefix]struct{}
}

// newNetworks reads a list that was validated; what cannot be read is left out.
func newNetworks(list []string) networks {
	n := networks{set: make(map[netip.Prefix]struct{}, len(list))}
	for _, text := range list {
		p, err := core.ParseNetwork(text)
		if err != nil {
			continue
		}
		if p.Addr().Is4In6() && p.Bits() >= 96 { // as connections have it
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		n.set[p] = struct{}{}
		lengths := &n.lengths4
		if p.Addr().Is6() {
			lengths = &n.lengths6
		}
		if !slices.Contains(*lengths, p.Bits()) {
			*lengths = append(*lengths, p.Bits())
		}
	}
	return n
}

func (n networks) empty() bool { return len(n.set) == 0 }

func (n networks) has(a netip.Addr) bool {
	lengths := n.lengths4
	if a.Is6() {
		lengths = n.lengths6
	}
	for _, bits := range lengths {
		if p, err := a.Prefix(bits); err == nil {
			if _, ok := n.set[p]; ok {
				return true
			}
		}
	}
	return false
}
