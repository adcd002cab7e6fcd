package image

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/opencontainers/go-digest"

	"berth/core"
)

// detect reads what an image's configuration says of it. Errors: EINVALID when it cannot be read.
func detect(config []byte) (core.Detected, error) {
	c, err := parseConfig(config)
	if err != nil {
		return core.Detected{}, err
	}
	d := core.Detected{
		OS: c.OS, Arch: c.Architecture, Ports: portsOf(c.Config.ExposedPorts),
		Entrypoint: c.Config.Entrypoint, Command: c.Config.Cmd,
		User: c.Config.User, Root: isRoot(c.Config.User),
		HealthCheck: healthCheckOf(c.Config.Healthcheck), Volumes: keys(c.Config.Volumes),
		Created: c.Created.Time,
	}
	if len(d.Ports) > 0 {
		d.Port = d.Ports[0]
	}
	return d, nil
}

func parseConfig(config []byte) (*v1.ConfigFile, error) {
	c := &v1.ConfigFile{}
	if err := json.Unmarshal(config, c); err != nil {
		return nil, core.Wrap(err, core.EINVALID, "error.image_config_broken")
	}
	return c, nil
}

// diffIDsOf returns the digests of an image's layers unpacked, as its configuration states them.
func diffIDsOf(config []byte) ([]digest.Digest, error) {
	c, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	var ids []digest.Digest
	for _, h := range c.RootFS.DiffIDs {
		ids = append(ids, digest.Digest(h.String()))
	}
	return ids, nil
}

// portsOf reads "8080/tcp", "8080" and "8000-8003/tcp"; ports of other protocols are left out.
func portsOf(exposed map[string]struct{}) []int {
	var ports []int
	for name := range exposed {
		span, protocol, _ := strings.Cut(name, "/")
		if protocol != "" && protocol != "tcp" {
			continue
		}
		from, to, isSpan := strings.Cut(span, "-")
		if !isSpan {
			to = from
		}
		first, err1 := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err1 != nil || err2 != nil || first < 1 || last > 65535 || last-first > maxPortSpan {
			continue
		}
		for p := first; p <= last; p++ {
			ports = append(ports, p)
		}
	}
	slices.Sort(ports)
	return slices.Compact(ports)
}

// maxPortSpan bounds a range of ports; a wider one names no port to use.
const maxPortSpan = 100

func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "0" || name == "root"
}

func healthCheckOf(h *v1.HealthConfig) []string {
	if h == nil || len(h.Test) == 0 || h.Test[0] == "NONE" {
		return nil
	}
	return h.Test
}

func keys(set map[string]struct{}) []string {
	var names []string
	for k := range set {
		names = append(names, k)
	}
	slices.Sort(names)
	return names
}
