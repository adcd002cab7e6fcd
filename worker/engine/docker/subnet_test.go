package docker

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

func TestFreeSubnets(t *testing.T) {
	pool := netip.MustParsePrefix("10.213.0.0/16")
	seen := map[netip.Prefix]bool{}
	for p := range freeSubnets(pool, "berth-a-b", nil) {
		if seen[p] || !pool.Overlaps(p) || p.Bits() != networkBits || p != p.Masked() {
			t.Fatal(p)
		}
		seen[p] = true
	}
	if len(seen) != 512 {
		t.Errorf("%d networks", len(seen))
	}
	for range freeSubnets(pool, "x", []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}) {
		t.Error("a taken pool has a free part")
	}
}

func TestFreeSubnetsOverlapNothing(t *testing.T) {
	pool := netip.MustParsePrefix("10.213.0.0/20")
	rapid.Check(t, func(t *rapid.T) {
		var taken []netip.Prefix
		for range rapid.IntRange(0, 20).Draw(t, "count") {
			a := netip.AddrFrom4([4]byte{10, 213, rapid.Byte().Draw(t, "third"), rapid.Byte().Draw(t, "fourth")})
			taken = append(taken, netip.PrefixFrom(a, rapid.IntRange(22, 32).Draw(t, "bits")).Masked())
		}
		for p := range freeSubnets(pool, rapid.String().Draw(t, "name"), taken) {
			if overlapsAny(p, taken) {
				t.Fatalf("%s overlaps one of %v", p, taken)
			}
		}
	})
}
