package testenv

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"berth/core"
)

// ProgramOptions say what an image of a program of this machine looks like.
type ProgramOptions struct {
	Tag         string            // default "berth-test/{random}:1.0"
	Programs    []string          // with every library that they are linked to: "/usr/bin/redis-server"
	Copy        map[string]string // folders of this machine, and where they lie in the image, owned by User
	Files       map[string]string // further files, executable: path -> content
	Dirs        []string          // empty folders that User owns
	Entrypoint  []string          // nil is the first program
	Cmd         []string          //
	WorkDir     string            //
	Env         []string          //
	ExposedPort int               //
	Volumes     []string          // owned by User
	User        string            // "" is root; "app" is 1000
}

// ProgramArchive writes a docker save archive of real programs and returns its path: a Redis from Debian's package is
// a Redis in a container. With /bin/busybox among the programs there is a /bin/sh and the usual commands.
func ProgramArchive(t testing.TB, o ProgramOptions) string {
	t.Helper()
	setDefault(&o.Tag, "berth-test/"+core.NewInstanceID()+":1.0")
	if o.Entrypoint == nil {
		o.Entrypoint = o.Programs[:1]
	}
	c := v1.Config{
		Env:        append([]string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, o.Env...),
		Entrypoint: o.Entrypoint, Cmd: o.Cmd, User: o.User, Volumes: set(o.Volumes), WorkingDir: o.WorkDir,
		Labels: map[string]string{"test": core.NewInstanceID()},
	}
	if o.ExposedPort > 0 {
		c.ExposedPorts = set([]string{fmt.Sprintf("%d/tcp", o.ExposedPort)})
	}
	layer := layerMaker{t: t}.files(o.contents(t))
	img := assemble(t, []v1.Layer{layer},
		&v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: c, Created: v1.Time{Time: time.Now().UTC()}})
	return writeArchive(t, false, func(w archiveWriter) error { return w.docker(o.Tag, img) })
}

func (o ProgramOptions) contents(t testing.TB) []file {
	t.Helper()
	files := []file{
		{name: "etc/passwd", content: []byte(passwd), mode: 0o644},
		{name: "etc/group", content: []byte("root:x:0:\napp:x:1000:\n"), mode: 0o644},
		{name: "tmp/", mode: 0o1777},
	}
	for _, dir := range append(o.Dirs, o.Volumes...) {
		files = append(files, file{name: trimSlash(dir) + "/", mode: 0o755, uid: o.owner()})
	}
	for _, program := range o.Programs {
		for _, path := range append([]string{program}, libraries(t, program)...) {
			files = append(files, readFile(t, path))
		}
		if filepath.Base(program) == "busybox" {
			files = append(files, applets(t, program)...)
		}
	}
	for from, to := range o.Copy {
		files = append(files, tree(t, from, to, o.owner())...)
	}
	return firsts(append(files, filesOf(o.Files)...))
}

// firsts leaves out what has the name of one before it: engines refuse doubles.
func firsts(files []file) []file {
	seen := map[string]bool{}
	return slices.DeleteFunc(files, func(f file) bool {
		double := seen[f.name]
		seen[f.name] = true
		return double
	})
}

func (o ProgramOptions) owner() int {
	if o.User == "" {
		return 0
	}
	return 1000
}

var libraryPath = regexp.MustCompile(`(/\S+) \(0x`)

// libraries returns what ldd names, the loader included; nothing for a static program.
func libraries(t testing.TB, program string) []string {
	t.Helper()
	out, err := exec.Command("ldd", program).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("not a dynamic executable")) {
		t.Fatalf("ldd %s: %v: %s", program, err, out)
	}
	var paths []string
	for _, m := range libraryPath.FindAllSubmatch(out, -1) {
		paths = append(paths, string(m[1]))
	}
	return paths
}

// applets links busybox' commands to it.
func applets(t testing.TB, busybox string) []file {
	t.Helper()
	out, err := exec.Command(busybox, "--list").Output()
	check(t, err)
	var files []file
	for name := range strings.FieldsSeq(string(out)) {
		if name != "busybox" {
			files = append(files, file{name: "bin/" + name, link: busybox, mode: 0o777})
		}
	}
	return files
}

// readFile takes a file of this machine, links followed.
func readFile(t testing.TB, path string) file {
	t.Helper()
	data, err := os.ReadFile(path)
	check(t, err)
	return file{name: trimSlash(path), content: data, mode: 0o755}
}

func tree(t testing.TB, from, to string, owner int) []file {
	t.Helper()
	var files []file
	check(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(from, path)
		f := file{name: trimSlash(filepath.Join(to, inside)), mode: 0o755, uid: owner}
		if d.IsDir() {
			f.name += "/"
		} else {
			f.content = readFile(t, path).content
		}
		files = append(files, f)
		return err
	}))
	return files
}
