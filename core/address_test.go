package core

import (
	"net/netip"
	"testing"
)

func TestIsPublicAddress(t *testing.T) {
	for _, a := range []string{"::ffff:8.8.8.8", "8.8.8.8", "1.1.1.1", "172.15.0.1", "100.63.255.255", "2606:4700:4700::1111", "2a00:1450::1"} {
		if !IsPublicAddress(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	for _, a := range []string{
		"127.0.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255",
		"0.0.0.0", "0.1.2.3", "192.0.0.8", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001::1", "ff02::1",
	} {
		if IsPublicAddress(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
}
