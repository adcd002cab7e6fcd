package docker

import (
	"strconv"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"berth/core"
)

const (
	pidsLimit = 256
	openFiles = 16384
	logSize   = "10m"
	logFiles  = "3"
)

// containerName is what people who look at the engine see. It makes an instance unique on its engine.
func containerName(spec core.ContainerSpec) string {
	return "berth-" + spec.AppID + "-" + spec.Instance
}

// portOf returns the engine's notation of the port that the program listens on.
func portOf(spec core.ContainerSpec) nat.Port { return nat.Port(strconv.Itoa(spec.Port) + "/tcp") }

// containerConfig is what runs: nothing but what the spec names and the image holds.
func (e *Engine) containerConfig(spec core.ContainerSpec) *container.Config {
	return &container.Config{
		Image: e.reference(spec.Image), Hostname: spec.Instance, User: spec.User, Env: spec.Env, Cmd: spec.Command,
		ExposedPorts: nat.PortSet{portOf(spec): {}},
		Healthcheck:  ownCheck(spec.Check),
		Labels: e.labels(core.LabelTenant, spec.TenantID, core.LabelApp, spec.AppID, core.LabelVersion, spec.Version,
			core.LabelRelease, strconv.Itoa(spec.Release), core.LabelInstance, spec.Instance),
	}
}

// ownCheck switches the image's own check off unless it is asked for: it runs a program in the instance every few
// seconds, where Berth asks from outside.
func ownCheck(times *core.OwnCheckTimes) *container.HealthConfig {
	if times == nil {
		return &container.HealthConfig{Test: []string{"NONE"}}
	}
	return &container.HealthConfig{Interval: times.Interval, Timeout: times.Timeout, Retries: times.Failures}
}

// hostConfig is how it runs: the settings that keep a tenant's program from everything else on the host. The
// engine's default seccomp profile and its masked paths stay in force because nothing is said about them.
func (e *Engine) hostConfig(spec core.ContainerSpec, address string) *container.HostConfig {
	pids := int64(pidsLimit)
	h := &container.HostConfig{
		NetworkMode:   container.NetworkMode(e.networkName(spec.TenantID)),
		PortBindings:  nat.PortMap{portOf(spec): {{HostIP: address, HostPort: strconv.Itoa(spec.HostPort)}}},
		RestartPolicy: container.RestartPolicy{Name: container.RestartPolicyDisabled},
		CapDrop:       []string{"ALL"},
		CapAdd:        capabilities(spec.Capabilities),
		SecurityOpt:   []string{"no-new-privileges"},
		CgroupnsMode:  container.CgroupnsModePrivate,
		IpcMode:       container.IPCModePrivate,
		LogConfig: container.LogConfig{Type: "json-file",
			Config: map[string]string{"max-size": logSize, "max-file": logFiles}},
		Resources: container.Resources{
			Memory: int64(spec.Memory), MemorySwap: int64(spec.Memory), // equal: no swap
			CPUShares: weight(spec), NanoCPUs: int64(spec.CPU) * 1e6, PidsLimit: &pids,
			Ulimits: []*container.Ulimit{{Name: "nofile", Soft: openFiles, Hard: openFiles}},
		},
	}
	if v := spec.Volume; v != nil {
		h.Mounts = []mount.Mount{{Type: mount.TypeVolume, Source: v.Name, Target: v.Path}}
	}
	return h
}

// networkConfig puts the instance on its tenant's network, under the name of its app.
func (e *Engine) networkConfig(spec core.ContainerSpec) *network.NetworkingConfig {
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
		e.networkName(spec.TenantID): {Aliases: append([]string{spec.AppID}, spec.Aliases...)},
	}}
}

func capabilities(more []string) []string {
	add := []string{"NET_BIND_SERVICE"}
	for _, c := range more {
		if c != add[0] {
			add = append(add, c)
		}
	}
	return add
}

// weight shares the processor when it is scarce: by the CPU limit, without one by memory, a core being worth a GiB.
func weight(spec core.ContainerSpec) int64 {
	milli := int64(spec.CPU)
	if milli == 0 {
		milli = int64(spec.Memory) * 1000 / int64(core.GiB)
	}
	return min(max(milli*1024/1000, 32), 262144)
}
