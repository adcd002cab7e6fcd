package testenv

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// Docker returns a client of the machine's Docker engine, the one DOCKER_HOST names or the usual.
func Docker(t testing.TB) *client.Client {
	t.Helper()
	return connect(t, client.FromEnv)
}

func connect(t testing.TB, opts ...client.Opt) *client.Client {
	t.Helper()
	c, err := client.NewClientWithOpts(append(opts, client.WithAPIVersionNegotiation())...)
	if err != nil {
		t.Fatal("docker: ", err)
	}
	t.Cleanup(func() { c.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := c.Ping(ctx); err != nil {
		t.Fatal("no Docker engine answers: ", err)
	}
	return c
}

// Load gives the machine's engine the image of a docker save archive, until the test ends, and returns the image's id.
func Load(t testing.TB, archive string) string {
	t.Helper()
	return LoadInto(t, Docker(t), archive)
}

// LoadInto is Load for another engine.
func LoadInto(t testing.TB, c *client.Client, archive string) string {
	t.Helper()
	f, err := os.Open(archive)
	check(t, err)
	defer f.Close()
	res, err := c.ImageLoad(context.Background(), f)
	check(t, err)
	defer res.Body.Close()
	name, err := loadedName(res.Body)
	check(t, err)
	img, err := c.ImageInspect(context.Background(), name)
	check(t, err)
	t.Cleanup(func() { c.ImageRemove(context.Background(), name, image.RemoveOptions{Force: true}) })
	return img.ID
}

// loadedName reads the engine's report on a load.
func loadedName(r io.Reader) (string, error) {
	for dec := json.NewDecoder(r); ; {
		var m struct{ Stream, Error string }
		if err := dec.Decode(&m); err != nil {
			return "", err
		}
		if m.Error != "" {
			return "", errors.New(m.Error)
		}
		for _, prefix := range []string{"Loaded image: ", "Loaded image ID: "} {
			if name, ok := strings.CutPrefix(strings.TrimSpace(m.Stream), prefix); ok {
				return name, nil
			}
		}
	}
}
