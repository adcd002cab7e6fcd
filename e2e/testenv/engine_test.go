package testenv_test

import (
	"context"
	"testing"

	"github.com/docker/docker/api/types/container"

	"berth/e2e/testenv"
)

func TestArchivesLoadAndRun(t *testing.T) {
	archives := map[string]string{
		"plain":      testenv.Archive(t, testenv.ImageOptions{Layers: 3, Extra: 1 << 20, Files: map[string]string{"/etc/x": "y"}}),
		"gzip":       testenv.Archive(t, testenv.ImageOptions{Gzip: true}),
		"compressed": testenv.Archive(t, testenv.ImageOptions{Compress: true}),
	}
	for name, archive := range archives {
		t.Run(name, func(t *testing.T) {
			id := testenv.Load(t, archive)
			if code := run(t, id, []string{"CRASH_AT_START=42"}); code != 42 {
				t.Errorf("exit code %d, want 42", code)
			}
		})
	}
}

func TestProgramArchiveRunsRedis(t *testing.T) {
	id := testenv.Load(t, testenv.ProgramArchive(t, testenv.ProgramOptions{
		Programs:   []string{"/usr/bin/redis-server", "/usr/bin/redis-cli", "/bin/busybox"},
		Entrypoint: []string{"/bin/sh", "-c", "redis-server --daemonize yes && sleep 0.3 && redis-cli ping | grep PONG"},
		Volumes:    []string{"/data"}, ExposedPort: 6379, User: "app",
	}))
	if code := run(t, id, nil); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// run runs an image to its end and returns the exit code.
func run(t *testing.T, image string, env []string) int64 {
	t.Helper()
	ctx, c := context.Background(), testenv.Docker(t)
	made, err := c.ContainerCreate(ctx, &container.Config{Image: image, Env: env}, nil, nil, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.ContainerRemove(ctx, made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}) })
	if err := c.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	done, errs := c.ContainerWait(ctx, made.ID, container.WaitConditionNotRunning)
	select {
	case r := <-done:
		return r.StatusCode
	case err := <-errs:
		t.Fatal(err)
		return 0
	}
}

func TestDockerdOfOnesOwn(t *testing.T) {
	d := testenv.StartDocker(t)
	id := testenv.LoadInto(t, d.Client(), testenv.Archive(t, testenv.ImageOptions{}))
	c := d.Client()
	for _, end := range []func(){d.Stop, d.Kill} {
		end()
		if _, err := c.Ping(context.Background()); err == nil {
			t.Fatal("still answers")
		}
		d.Start()
	}
	if _, err := c.ImageInspect(context.Background(), id); err != nil {
		t.Error(err)
	}
}
