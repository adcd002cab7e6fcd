package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"berth/core"
	"berth/web/client"
)

type pushCmd struct {
	App   string `arg:"" complete:"app" help:"Id of an app."`
	Image string `arg:"" name:"file|image" help:"An archive of docker save or OCI tools, - for the standard input, or the name of an image of the Docker engine here."`
	Label string `placeholder:"VERSION" help:"Of the version, such as 1.4.0. Default: the tag of an image's name, else the next free one."`
}

func (c pushCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	v, err := s.push(api, c.App, c.Image, c.Label)
	if err != nil {
		return err
	}
	return s.answer(v.JSON, func() error {
		if err := s.describeVersion(v.Value); err != nil {
			return err
		}
		s.note("Next: berth deploy %s %s", c.App, v.Value.Label)
		return nil
	})
}

// push sends an image with its progress shown.
func (s *session) push(api *client.Client, app, image, label string) (client.Answer[client.Version], error) {
	var none client.Answer[client.Version]
	if _, err := api.App(s.ctx, app); err != nil { // before anything is read or fetched
		return none, err
	}
	a, err := s.openArchive(image)
	if err != nil {
		return none, err
	}
	defer a.Close()
	show := s.newProgress(a.about)
	v, err := api.Push(s.ctx, app, or(label, a.label), show.reading(a), a.size)
	show.end()
	return v, err
}

func (s *session) describeVersion(v client.Version) error {
	port := "none found; give --port when you deploy"
	if v.Detected.Port > 0 {
		port = fmt.Sprint(v.Detected.Port)
	}
	runsAs := or(v.Detected.User, "an ordinary user")
	if v.Detected.Root {
		runsAs = "root"
	}
	return pairs(s.stdout, "version", v.Label, "size", v.Size.Human(), "port", port, "platform", v.Detected.OS+"/"+v.Detected.Arch,
		"runs as", runsAs, "digest", v.Digest)
}

// archive is an image on its way.
type archive struct {
	io.ReadCloser
	size  int64 // -1 when it is not known
	about int64 // for the progress; 0 when nobody knows
	label string
}

// openArchive opens what a person named: the standard input, a file, or else an image of the local engine.
func (s *session) openArchive(name string) (archive, error) {
	if name == "-" {
		if isTerminal(s.stdin) {
			return archive{}, usage("There is nothing in the standard input. Send it an archive: docker save IMAGE | berth push APP -")
		}
		return archive{ReadCloser: io.NopCloser(s.stdin), size: -1}, nil
	}
	f, err := os.Open(name)
	switch {
	case err == nil:
		return fileArchive(f)
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) || looksLikeFile(name):
		return archive{}, absent("%v", err)
	}
	a, err := s.engineImage(name)
	if errors.Is(err, errNoImage) {
		return a, absent("There is neither a file %q here nor an image of that name in the Docker engine.", name)
	}
	return a, err
}

func fileArchive(f *os.File) (archive, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return archive{}, err
	}
	if info.IsDir() {
		f.Close()
		return archive{}, usage("%s is a folder. Name an archive that docker save wrote.", f.Name())
	}
	if !info.Mode().IsRegular() { // a pipe, as in <(docker save shop)
		return archive{ReadCloser: f, size: -1}, nil
	}
	return archive{ReadCloser: f, size: info.Size(), about: info.Size()}, nil
}

// looksLikeFile reports whether a name is that of a file, even of one that is not there.
func looksLikeFile(name string) bool {
	for _, end := range []string{".tar", ".tar.gz", ".tgz", ".gz"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return strings.HasPrefix(name, "/") || strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || name == "-"
}

type versionsCmd struct {
	App string `arg:"" complete:"app" help:"Id of an app."`
}

func (c versionsCmd) Run(s *session) error {
	api, err := s.client()
	if err != nil {
		return err
	}
	list, err := api.Versions(s.ctx, c.App)
	if err != nil {
		return err
	}
	return rows(s, list.JSON, list.Value.Items, "There are no versions. Send one: berth push "+c.App+" FILE",
		[]string{"VERSION", "CREATED", "SIZE", "SOURCE", "BY", "FROM"}, func(v client.Version) []string {
			return []string{v.Label, when(v.CreatedAt), core.Bytes(v.Size).Human(), string(v.Source), or(v.Author, "-"), or(v.Origin, "-")}
		})
}
