package zookeeper

import (
	"fmt"
	"path"
	"strings"

	"berth/core"
)

// The roots of what is published; what lies below is told in docs/zookeeper.md.
const (
	addressRoot = "/caas/service/address"
	configRoot  = "/caas/service/config"
)

// addressDepth is how many levels below its root an address lies: app, version, container.
const addressDepth = 3

func addressPath(a core.Address) string {
	return path.Join(addressRoot, a.AppID, a.Version, a.ContainerID)
}
func configPath(appID string) string { return path.Join(configRoot, appID) }

// validatePlace checks where an address lies and not what it is.
func validatePlace(a core.Address) error {
	a.Address = "0.0.0.0:1"
	return a.Validate()
}

// parseAddress reads a node of addressRoot. The error says what is wrong with it, for the operator.
func parseAddress(node string, data []byte) (core.Address, error) {
	names := strings.Split(strings.TrimPrefix(node, addressRoot+"/"), "/")
	if len(names) != addressDepth {
		return core.Address{}, fmt.Errorf("an address lies at app/version/container")
	}
	a := core.Address{AppID: names[0], Version: names[1], ContainerID: names[2], Address: string(data)}
	if a.Validate() != nil {
		return core.Address{}, fmt.Errorf("%s is not an ip:port of an app, a version and a container", excerpt(data))
	}
	return a, nil
}

// excerpt quotes the beginning of what may be anything.
func excerpt(data []byte) string {
	const most = 80
	if len(data) > most {
		return fmt.Sprintf("%q...", data[:most])
	}
	return fmt.Sprintf("%q", data)
}
