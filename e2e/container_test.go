package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"berth/e2e/testenv"
)

// TestContainerSettings reads from the engine what a container is allowed, as docs/security.md promises it.
func TestContainerSettings(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"memory": "64MiB", "cpu": "0.5"})
	i, err := c.ContainerInspect(t.Context(), b.theContainer(c, app))
	if err != nil {
		t.Fatal(err)
	}
	h := i.HostConfig
	check := func(what string, got, want any) {
		t.Helper()
		a, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		if string(a) != string(w) {
			t.Errorf("%s is %s, want %s", what, a, w)
		}
	}
	check("capabilities dropped", h.CapDrop, []string{"ALL"})
	check("capabilities added", h.CapAdd, []string{"CAP_NET_BIND_SERVICE"})
	check("privileged", h.Privileged, false)
	check("memory", h.Memory, 64<<20)
	check("swap", h.MemorySwap, 64<<20)
	check("cpu", h.NanoCPUs, 500_000_000)
	check("pids", *h.PidsLimit, 256)
	check("binds", len(h.Binds)+len(h.Mounts)+len(h.Devices), 0)
	check("log files", h.LogConfig.Config, map[string]string{"max-file": "3", "max-size": "10m"})
	check("namespaces", []any{h.PidMode, h.IpcMode.IsHost(), h.NetworkMode.IsHost(), h.UTSMode, h.UsernsMode.IsHost()}, []any{"", false, false, "", false})
	if !strings.Contains(strings.Join(h.SecurityOpt, " "), "no-new-privileges") || strings.Contains(strings.Join(h.SecurityOpt, " "), "unconfined") {
		t.Errorf("security options %v", h.SecurityOpt)
	}
	if h.CPUShares == 0 {
		t.Error("no CPU weight")
	}
	nofile := false
	for _, u := range h.Ulimits {
		nofile = nofile || u.Name == "nofile" && u.Hard > 0
	}
	if !nofile {
		t.Errorf("no limit on files: %v", h.Ulimits)
	}
	for port, bindings := range h.PortBindings {
		for _, p := range bindings {
			if p.HostIP == "" || p.HostIP == "0.0.0.0" || p.HostIP == "::" {
				t.Errorf("port %s is published on every address", port)
			}
		}
	}
	for name := range i.NetworkSettings.Networks {
		if !strings.HasPrefix(name, "berth-") {
			t.Errorf("is on network %s", name)
		}
	}
}

// TestEnvironmentArrivesByteForByte sends values that a shell or a file format would have mangled.
func TestEnvironmentArrivesByteForByte(t *testing.T) {
	t.Parallel()
	env := map[string]string{"LINES": "one\ntwo\n", "DOLLAR": "$HOME ${PATH} $$", "QUOTES": `a"b'c\d`, "UTF": "茶 ☕ é",
		"SPACES": "  padded  ", "EMPTY": "", "EQUALS": "a=b=c"}
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"env": env})
	_, body, err := b.get(app, "/env")
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for name, want := range env {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// TestASecretIsShownNowhere looks for a secret's value in every answer, page, event and log line.
func TestASecretIsShownNowhere(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse-battery-staple"
	b, app := online(t, testenv.ImageOptions{}, map[string]any{"env": []map[string]any{
		{"name": "API_KEY", "value": secret, "secret": true}, {"name": "MODE", "value": "fast"}}})
	if _, body, _ := b.get(app, "/env"); !strings.Contains(body, secret) {
		t.Fatalf("the program did not get it: %s", body)
	}
	b.deploy(app, map[string]any{"env": []map[string]any{{"name": "API_KEY", "value": "", "secret": true}, {"name": "MODE", "value": "slow"}}})
	if _, body, _ := b.get(app, "/env"); !strings.Contains(body, secret) || !strings.Contains(body, "slow") {
		t.Errorf("after a change of another variable: %s", body)
	}
	for _, path := range []string{"", "/releases", "/events", "/versions", "/operations"} {
		var raw json.RawMessage
		b.do("GET", "/api/v1/apps/"+app+path, nil, &raw)
		if strings.Contains(string(raw), secret) {
			t.Errorf("%s shows the secret", path)
		}
	}
	if strings.Contains(b.output.String(), secret) {
		t.Error("the program's own log shows the secret")
	}
}
