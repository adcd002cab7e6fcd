package image_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"

	"berth/core"
	"berth/e2e/testenv"
)

// dockerCLI is the docker command with a configuration of its own.
type dockerCLI struct {
	t      testing.TB
	config string
}

func newDockerCLI(t testing.TB, host, user, password string) dockerCLI {
	t.Helper()
	c := dockerCLI{t, t.TempDir()}
	c.must("login", "-u", user, "-p", password, host)
	return c
}

func (c dockerCLI) run(args ...string) (string, error) {
	cmd := exec.Command("docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+c.config)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c dockerCLI) must(args ...string) string {
	c.t.Helper()
	out, err := c.run(args...)
	if err != nil {
		c.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// load gives the engine an image under a name, until the test ends.
func (c dockerCLI) load(o testenv.ImageOptions, names ...string) {
	c.t.Helper()
	id := testenv.Load(c.t, testenv.Archive(c.t, o))
	c.forget(id) // with every name and digest that it gets
	for _, name := range names {
		c.must("tag", id, name)
		c.forget(name)
	}
}

func (c dockerCLI) forget(names ...string) {
	c.t.Cleanup(func() {
		for _, name := range names {
			testenv.Docker(c.t).ImageRemove(context.Background(), name, image.RemoveOptions{Force: true})
		}
	})
}

func TestDockerLogin(t *testing.T) {
	_, host := serve(t, newStore(t))
	c := dockerCLI{t, t.TempDir()}
	if out, err := c.run("login", "-u", "alice", "-p", "wrong", host); err == nil {
		t.Errorf("a wrong password was taken: %s", out)
	}
	c.must("login", "-u", "alice", "-p", "secret", host)
}

func TestDockerPushAndPull(t *testing.T) {
	s := newStore(t)
	g, host := serve(t, s)
	c := newDockerCLI(t, host, "alice", "secret")
	name := host + "/shop:1.0"
	c.load(testenv.ImageOptions{User: "app", Layers: 2, Ports: []string{"80/tcp", "53/udp"}}, name, host+"/bank:1.0")

	c.must("push", name)
	a, ok := g.version("shop:1.0")
	if !ok || a.Detected.Port != 80 || a.Detected.Root || a.Detected.Layers != 3 {
		t.Fatalf("pushed %+v", a)
	}
	if g.actors[0] != "alice" {
		t.Errorf("pushed by %q", g.actors[0])
	}
	if got, err := s.Inspect(t.Context(), "shop", a.Digest); err != nil || got.Size != a.Size {
		t.Errorf("inspected %+v, %v", got, err)
	}
	c.must("push", name) // once more is nothing new
	if out, err := c.run("push", host+"/bank:1.0"); err == nil || !strings.Contains(out, "denied") {
		t.Errorf("pushed to another's app: %s", out)
	}

	c.must("rmi", name)
	c.must("pull", name)
	c.must("rmi", name)
	byDigest := host + "/shop@" + a.Digest
	c.forget(byDigest)
	c.must("pull", byDigest)
	if out, err := c.run("pull", host+"/bank:1.0"); err == nil || !strings.Contains(out, "denied") {
		t.Errorf("pulled another's app: %s", out)
	}
}

func TestDockerPushRefused(t *testing.T) {
	g, host := serve(t, newStore(t, func(o *imageOptions) { o.Word = func(t core.Text) string { return "Words: " + t.Key } }))
	c := newDockerCLI(t, host, "alice", "secret")
	name := host + "/shop:1.0"
	c.load(testenv.ImageOptions{Version: "a"}, name)
	c.must("push", name)
	c.load(testenv.ImageOptions{Version: "b"}, name)
	out, err := c.run("push", name)
	if err == nil || !strings.Contains(out, "Words: error.label_taken") {
		t.Errorf("a version was overwritten: %v %s", err, out)
	}
	g.refuses(core.Errorf(core.EINVALID, "error.arch"))
	out, err = c.run("push", name)
	if err == nil || !strings.Contains(out, "Words: error.arch") {
		t.Errorf("an image was not refused: %v %s", err, out)
	}
}

// The engine runs what was imported: layers as docker save has them, plain, and as OCI has them.
func TestDockerPullsImported(t *testing.T) {
	s := newStore(t)
	_, host := serve(t, s)
	c := newDockerCLI(t, host, "alice", "secret")
	for kind, path := range map[string]string{
		"docker":  testenv.Archive(t, testenv.ImageOptions{}),
		"oci":     testenv.OCIArchive(t, testenv.ImageOptions{}),
		"ociGzip": testenv.OCIArchive(t, testenv.ImageOptions{Compress: true}),
		"saved":   saved(t, c),
	} {
		t.Run(kind, func(t *testing.T) {
			a := importFile(t, s, "shop", path)
			name := host + "/shop@" + a.Digest
			c.forget(name)
			c.must("pull", name)
			var report bytes.Buffer
			report.WriteString(c.must("image", "inspect", "--format", "{{json .Config.ExposedPorts}}", name))
			if !strings.Contains(report.String(), "8080/tcp") {
				t.Errorf("the engine sees %s", &report)
			}
			if err := s.Link(t.Context(), "shop", a.Digest, "shop", kind); err != nil {
				t.Fatal(err)
			}
			c.forget(host + "/shop:" + kind)
			c.must("pull", host+"/shop:"+kind)
		})
	}
}

// saved is an archive that this machine's docker save made.
func saved(t testing.TB, c dockerCLI) string {
	name := "berth-test/" + core.NewInstanceID() + ":1"
	c.load(testenv.ImageOptions{Layers: 2}, name)
	path := t.TempDir() + "/saved.tar"
	c.must("save", "-o", path, name)
	return path
}
