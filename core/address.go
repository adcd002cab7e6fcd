package core

import (
	"net/netip"
	"slices"
)

// notPublic are networks that lead to this machine, to its neighbours or to a cloud's own services, besides those that
// netip knows: carrier NAT, documentation, benchmarks, reserved ones, ways to write IPv4 in IPv6, a cloud's wire server.
var notPublic = networks("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "168.63.129.16/32",
	"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10")

func networks(list ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range list {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

// IsPublicAddress reports whether what customers name may be dialled: no address of this machine, of its neighbours or
// of a cloud's own services.
func IsPublicAddress(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsGlobalUnicast() && !ip.IsPrivate() && !slices.ContainsFunc(notPublic, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// MayDial reports whether an address that customers name may be dialled: it is public, or in one of the networks that the
// operator allows.
func MayDial(ip netip.Addr, networks []netip.Prefix) bool {
	ip = ip.Unmap().WithZone("")
	return IsPublicAddress(ip) || slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(ip) })
}
