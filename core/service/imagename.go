package service

import (
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"berth/core"
)

// imageName is an image's name as docker pull reads it: [host[:port]/]path[:tag][@digest].
type imageName struct {
	host string // with its port; "" stands for Docker Hub
	path string
	tag  string
}

const (
	maxImageName = 255
	hostName     = `(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?`
	pathPart     = `[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`
)

var imagePattern = regexp.MustCompile(`^(?:(` + hostName + `)/)?(` + pathPart + `(?:/` + pathPart +
	`)*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@sha256:[0-9a-f]{64})?$`)

// parseImageName refuses what can be refused by looking at a name; the image store decides on addresses when it
// dials. Errors: EINVALID at "image".
func parseImageName(ref string) (imageName, error) {
	if len(ref) > maxImageName {
		return imageName{}, core.Invalid("image", "error.image_name_long", "max", strconv.Itoa(maxImageName))
	}
	m := imagePattern.FindStringSubmatch(ref)
	if m == nil {
		return imageName{}, core.Invalid("image", "error.image_name", "name", shown(ref))
	}
	n := imageName{host: m[1], path: m[2], tag: m[3]}
	if n.host != "" && !strings.ContainsAny(n.host, ".:") && n.host != "localhost" {
		n.host, n.path = "", n.host+"/"+n.path // "library/redis" is a path on Docker Hub
	}
	ip, err := netip.ParseAddr(strings.Trim(n.hostOnly(), "[]"))
	if ip = ip.Unmap(); err == nil && (ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()) {
		return imageName{}, core.Invalid("image", "error.image_address", "registry", n.host)
	}
	return n, nil
}

func (n imageName) hostOnly() string {
	if host, _, err := net.SplitHostPort(n.host); err == nil {
		return host
	}
	return n.host
}

// isOwn reports whether the name leads to this Berth's own registry: by the portal's address, or by loopback with
// its port.
func (s *Service) isOwn(n imageName) bool {
	if s.portal.Host == "" || n.host == "" {
		return false
	}
	if strings.EqualFold(n.host, s.portal.Host) {
		return true
	}
	_, port, _ := net.SplitHostPort(n.host)
	ip, err := netip.ParseAddr(strings.Trim(n.hostOnly(), "[]"))
	loopback := n.hostOnly() == "localhost" || err == nil && ip.Unmap().IsLoopback()
	return loopback && port != "" && port == s.portal.Port()
}
