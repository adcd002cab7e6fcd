package testenv

import (
	"fmt"
	"os"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"berth/core"
)

// ImageOptions say what an image of the test app looks like. The zero value is a plain image of version 1.0 that
// listens on 8080. Every image is unique: no two tests share an id or a tag.
type ImageOptions struct {
	Tag         string            // in a docker save archive; default "berth-test/{random}:{Version}"
	Version     string            // what the app says it is; default "1.0"
	Port        int               // exposed and listened on; default 8080; -1 exposes none
	Ports       []string          // exposed besides: "9000/tcp", "53/udp"
	User        string            // "" is root
	Env         []string          // "NAME=value"
	Entrypoint  []string          // default /testapp
	Cmd         []string          //
	Volumes     []string          //
	HealthCheck []string          // Docker's notation: {"CMD", "/testapp"}
	Labels      map[string]string //
	Arch        string            // default amd64; the program inside stays what it is
	OS          string            // default linux
	Files       map[string]string // path -> content, in a layer of their own
	Layers      int               // small layers besides
	Extra       core.Bytes        // of a layer that does not compress
	Compress    bool              // compress the layers, as registries have them
	Gzip        bool              // compress the archive as a whole
	oci         bool              // OCI's media types instead of Docker's
}

// Archive writes a docker save archive of the test app and returns its path.
func Archive(t testing.TB, o ImageOptions) string {
	t.Helper()
	o = o.withDefaults()
	return writeArchive(t, o.Gzip, func(w archiveWriter) error { return w.docker(o.Tag, Image(t, o)) })
}

// OCIArchive writes an OCI image layout of the test app as an archive and returns its path.
func OCIArchive(t testing.TB, o ImageOptions) string {
	t.Helper()
	o = o.withDefaults()
	o.oci = true
	return writeArchive(t, o.Gzip, func(w archiveWriter) error { return w.oci(o.Version, Image(t, o)) })
}

// Image builds the test app's image, for pushing it to a registry.
func Image(t testing.TB, o ImageOptions) v1.Image {
	t.Helper()
	o = o.withDefaults()
	program, err := os.ReadFile(TestApp(t))
	if err != nil {
		t.Fatal(err)
	}
	m := layerMaker{t, o.Compress, o.oci}
	layers := []v1.Layer{m.files([]file{
		{name: "etc/passwd", content: []byte(passwd), mode: 0o644},
		{name: "tmp/", mode: 0o1777},
		{name: "data/", mode: 0o777},
		{name: "testapp", content: program, mode: 0o755},
	})}
	if len(o.Files) > 0 {
		layers = append(layers, m.files(filesOf(o.Files)))
	}
	for i := range o.Layers {
		name := fmt.Sprintf("tmp/layer-%d", i)
		layers = append(layers, m.files([]file{{name: name, content: []byte(name), mode: 0o644}}))
	}
	if o.Extra > 0 {
		layers = append(layers, m.noise(int64(o.Extra)))
	}
	img := assemble(t, layers, o.config())
	if o.oci {
		return mutate.ConfigMediaType(mutate.MediaType(img, types.OCIManifestSchema1), types.OCIConfigJSON)
	}
	return img
}

// passwd gives an image an administrator and an ordinary account.
const passwd = "root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/tmp:/bin/sh\n"

func (o ImageOptions) withDefaults() ImageOptions {
	setDefault(&o.Version, "1.0")
	setDefault(&o.Tag, "berth-test/"+core.NewInstanceID()+":"+o.Version)
	setDefault(&o.Arch, "amd64")
	setDefault(&o.OS, "linux")
	if o.Port == 0 {
		o.Port = 8080
	}
	if o.Entrypoint == nil {
		o.Entrypoint = []string{"/testapp"}
	}
	return o
}

func (o ImageOptions) config() *v1.ConfigFile {
	c := v1.Config{
		Env: append([]string{"VERSION=" + o.Version}, o.Env...), User: o.User,
		Entrypoint: o.Entrypoint, Cmd: o.Cmd, Volumes: set(o.Volumes), ExposedPorts: set(o.Ports),
		Labels: map[string]string{"test": core.NewInstanceID()},
	}
	if o.Port > 0 {
		c.ExposedPorts[fmt.Sprintf("%d/tcp", o.Port)] = struct{}{}
		c.Env = append(c.Env, fmt.Sprintf("PORT=%d", o.Port))
	}
	if o.HealthCheck != nil {
		c.Healthcheck = &v1.HealthConfig{Test: o.HealthCheck}
	}
	for k, v := range o.Labels {
		c.Labels[k] = v
	}
	return &v1.ConfigFile{OS: o.OS, Architecture: o.Arch, Config: c, Created: v1.Time{Time: time.Now().UTC()}}
}

// assemble puts layers and a configuration together to an image.
func assemble(t testing.TB, layers []v1.Layer, config *v1.ConfigFile) v1.Image {
	t.Helper()
	config.RootFS.Type = "layers"
	img, err := mutate.ConfigFile(empty.Image, config)
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.AppendLayers(img, layers...); err != nil {
		t.Fatal(err)
	}
	return img
}

func setDefault(s *string, v string) {
	if *s == "" {
		*s = v
	}
}

func set(names []string) map[string]struct{} {
	m := map[string]struct{}{}
	for _, n := range names {
		m[n] = struct{}{}
	}
	return m
}
