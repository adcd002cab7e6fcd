package docker_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"berth/core"
	"berth/e2e/testenv"
	"berth/worker/engine/docker"
)

// TestSettings looks at what the engine was told, and at what the kernel does with it.
func TestSettings(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	spec := n.spec("shop")
	spec.Capabilities, spec.Aliases = []string{"CHOWN", "NET_BIND_SERVICE"}, []string{"store"}
	r := n.run(spec)
	c, err := testenv.Docker(t).ContainerInspect(t.Context(), r.container)
	n.ok(err)
	h := c.HostConfig
	for name, ok := range map[string]bool{
		"capabilities dropped": slices.Equal(h.CapDrop, []string{"ALL"}),
		"capabilities added":   len(h.CapAdd) == 2 && strings.Contains(fmt.Sprint(h.CapAdd), "CHOWN") && strings.Contains(fmt.Sprint(h.CapAdd), "NET_BIND_SERVICE"),
		"no new privileges":    slices.Equal(h.SecurityOpt, []string{"no-new-privileges"}) && !h.Privileged,
		"pids":                 h.PidsLimit != nil && *h.PidsLimit == 256,
		"memory":               h.Memory == int64(64*core.MiB) && h.MemorySwap == h.Memory,
		"processor":            h.CPUShares > 0,
		"files":                len(h.Ulimits) == 1 && h.Ulimits[0].Name == "nofile",
		"binds and devices":    h.Binds == nil && len(h.Mounts) == 0 && len(h.Devices) == 0 && len(h.VolumesFrom) == 0,
		"namespaces": h.PidMode == "" && h.UTSMode == "" && h.UsernsMode == "" && h.IpcMode == "private" &&
			h.CgroupnsMode == "private" && !h.NetworkMode.IsHost() && !h.NetworkMode.IsContainer(),
		"log":          h.LogConfig.Type == "json-file" && h.LogConfig.Config["max-size"] == "10m" && h.LogConfig.Config["max-file"] == "3",
		"restart":      h.RestartPolicy.Name == container.RestartPolicyDisabled,
		"health check": slices.Equal(c.Config.Healthcheck.Test, []string{"NONE"}),
		"one network":  len(c.NetworkSettings.Networks) == 1,
	} {
		if !ok {
			t.Errorf("%s: not as it has to be", name)
		}
	}
	for name, value := range settings(t, h) {
		if !slices.Contains(said, name) {
			t.Errorf("%s is set, to %v: it is none of those that may be", name, value)
		}
	}
	if len(h.MaskedPaths) == 0 || len(h.ReadonlyPaths) == 0 || len(c.Mounts) > 0 || h.Ulimits[0].Hard != 16384 {
		t.Errorf("masked %v, read-only %v, mounted %v, files %v", h.MaskedPaths, h.ReadonlyPaths, c.Mounts, h.Ulimits[0])
	}
	for _, bindings := range c.NetworkSettings.Ports {
		for _, b := range bindings {
			if b.HostIP == "" || b.HostIP == "0.0.0.0" || b.HostIP == "::" {
				t.Errorf("published on all addresses: %+v", b)
			}
		}
	}
	status := kernelStatus(t, c.State.Pid)
	for name, want := range map[string]string{
		"NoNewPrivs": "1", "Seccomp": "2", "CapBnd": "0000000000000401", "CapEff": "0000000000000401",
	} {
		if status[name] != want {
			t.Errorf("%s is %s, want %s", name, status[name], want)
		}
	}
}

// said are the settings of a container that Berth gives, or the engine by itself. Their values are looked at above.
var said = []string{
	"CapAdd", "CapDrop", "CgroupnsMode", "CpuShares", "IpcMode", "LogConfig", "Memory", "MemorySwap", "NetworkMode",
	"PidsLimit", "PortBindings", "RestartPolicy", "SecurityOpt", "Ulimits",
	"MaskedPaths", "ReadonlyPaths", "ShmSize", "Runtime", "ConsoleSize", // the engine's own
}

// settings returns those that are not empty, by the names that the engine has for them.
func settings(t *testing.T, h *container.HostConfig) map[string]any {
	t.Helper()
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool {
		text := fmt.Sprint(v)
		return v == nil || text == "" || text == "0" || text == "false" || text == "[]" || text == "map[]"
	})
	return all
}

func TestProcessorLimitAndWeight(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	for _, c := range []struct {
		cpu    core.MilliCPU
		memory core.Bytes
		shares int64
		quota  int64
	}{{0, 512 * core.MiB, 512, 0}, {500, 64 * core.MiB, 512, 5e8}, {2000, 64 * core.MiB, 2048, 2e9}, {0, 6 * core.MiB, 32, 0}} {
		spec := n.spec("shop")
		spec.CPU, spec.Memory = c.cpu, c.memory
		id, err := n.engine.Create(t.Context(), spec)
		n.ok(err)
		made, err := testenv.Docker(t).ContainerInspect(t.Context(), id)
		n.ok(err)
		n.ok(n.engine.Remove(t.Context(), id))
		if h := made.HostConfig; h.CPUShares != c.shares || h.NanoCPUs != c.quota {
			t.Errorf("%+v: weight %d, quota %d", c, h.CPUShares, h.NanoCPUs)
		}
	}
}

func TestEnvironmentArrivesUnchanged(t *testing.T) {
	t.Parallel()
	registry := testenv.StartImageRegistry(t)
	n := newTenant(t, open(t, docker.Options{Registry: registry.Host}), registry)
	values := map[string]string{
		"NEWLINE": "a\nb\r\n", "DOLLAR": "$HOME ${HOME} $$", "QUOTES": `"'` + "`\\", "CHINESE": "泊位 🚢", "EMPTY": "",
		"EQUALS": "a=b=c", "BLANKS": "  a\t", "MARKUP": "<&>\u2028",
	}
	var env []string
	for k, v := range values {
		env = append(env, k+"="+v)
	}
	body, err := n.run(n.spec("shop", env...)).get("/env")
	n.ok(err)
	got := map[string]string{}
	n.ok(json.Unmarshal([]byte(body), &got))
	for k, v := range values {
		if got[k] != v {
			t.Errorf("%s is %q, want %q", k, got[k], v)
		}
	}
	spec := n.spec("shop", "BROKEN=\xff")
	if _, err := n.engine.Create(t.Context(), spec); core.ErrorCode(err) != core.EINVALID {
		t.Errorf("what cannot arrive unchanged is not refused: %v", err)
	}
}

// kernelStatus returns what the kernel says of a process.
func kernelStatus(t *testing.T, pid int) map[string]string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]string{}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		status[name] = strings.TrimSpace(value)
	}
	return status
}
