package gateway

import (
	"fmt"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

func TestNetworksHoldWhatTheyName(t *testing.T) {
	n := newNetworks([]string{"192.0.2.7", "10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "::ffff:198.51.100.0/120", "2001:db8:1::9"})
	for address, want := range map[string]bool{
		"192.0.2.7": true, "192.0.2.6": false, "192.0.2.8": false,
		"10.0.0.0": true, "10.255.255.255": true, "10.1.2.3": true, "9.255.255.255": false, "11.0.0.0": false,
		"2001:db8::": true, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff": true, "2001:db9::": false,
		"198.51.100.255": true, "198.51.101.0": false, "::": false, "0.0.0.0": false,
	} {
		if got := n.has(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if n.has(netip.Addr{}) {
		t.Error("an address that is not known is in a set")
	}
	if newNetworks(nil) != nil || newNetworks([]string{"nonsense"}) == nil {
		t.Error("an empty list is no set, and one that cannot be read is a set of none")
	}
}

func TestAllOfOneFamilyIsNoneOfTheOther(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	if n := newNetworks([]string{"::/0"}); n.has(four) || !n.has(six) {
		t.Error("::/0 is every IPv6 address and no other")
	}
	if n := newNetworks([]string{"0.0.0.0/0"}); !n.has(four) || n.has(six) {
		t.Error("0.0.0.0/0 is every IPv4 address and no other")
	}
}

// However networks lie in each other, the set answers as asking each of them would.
func TestNetworksAnswerAsTheirList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.Custom(func(t *rapid.T) netip.Addr {
			b := rapid.SliceOfN(rapid.ByteRange(0, 3), 4, 4).Draw(t, "bytes")
			if rapid.Bool().Draw(t, "six") {
				return netip.AddrFrom16([16]byte{0: 0x20, 12: b[0], 13: b[1], 14: b[2], 15: b[3]})
			}
			return netip.AddrFrom4([4]byte(b))
		})
		var list []string
		var prefixes []netip.Prefix
		for range rapid.IntRange(1, 20).Draw(t, "networks") {
			a := address.Draw(t, "network")
			p := netip.PrefixFrom(a, rapid.IntRange(a.BitLen()-32, a.BitLen()).Draw(t, "bits"))
			prefixes, list = append(prefixes, p.Masked()), append(list, p.String())
		}
		n, a := newNetworks(list), address.Draw(t, "address")
		want := false
		for _, p := range prefixes {
			want = want || p.Contains(a)
		}
		if n.has(a) != want {
			t.Fatalf("%v in %v: %v", a, list, !want)
		}
	})
}

func BenchmarkNetworks(b *testing.B) {
	for _, size := range []int{10, 1000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			n := newNetworks(manyNetworks(size))
			a := netip.MustParseAddr("203.0.113.9")
			b.ReportAllocs()
			for b.Loop() {
				n.has(a)
			}
		})
	}
}

// manyNetworks are next to each other, and do not hold 127.0.0.1.
func manyNetworks(size int) []string {
	var list []string
	for i := range size {
		list = append(list, fmt.Sprintf("10.%d.%d.0/25", i/256, i%256))
	}
	return list
}

// A route is decoded from what lies in the registry; whatever that is, making its rules ready never fails.
func FuzzRules(f *testing.F) {
	for _, seed := range ruleSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, ok := decodeRoute(data)
		if !ok {
			return
		}
		tb := newTable()
		tb.apply(core.RegistryChange{Routes: []core.Route{r}})
		if tb.find([]byte(r.Domain)) == nil {
			t.Fatalf("a valid route is not there: %s", data)
		}
		tb.apply(core.RegistryChange{RemovedRoutes: []string{r.Domain}})
		if routes, apps := tb.size(); routes+apps != 0 {
			t.Fatalf("%d routes and %d apps are left of %s", routes, apps, data)
		}
	})
}
