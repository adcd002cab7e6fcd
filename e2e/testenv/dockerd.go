package testenv

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
	"golang.org/x/sys/unix"
)

// Dockerd is a Docker engine of the test's own, on a machine of its own as far as the network goes: its bridges,
// ports and rules are nobody else's. What talks to its published ports uses Address; a registry on this machine is
// at Gateway for it. What has to be on its machine, such as a Berth that runs instances there, is started by
// Command.
type Dockerd struct {
	*NetNS
	Host string // for DOCKER_HOST

	t     testing.TB
	dir   string
	flags []string
	cmd   *exec.Cmd
	ended chan struct{}
}

// StartDocker starts an engine until the test ends, with further flags of dockerd. It needs root.
func StartDocker(t testing.TB, flags ...string) *Dockerd {
	t.Helper()
	dir, err := os.MkdirTemp("", "dockerd") // short, because it holds a socket
	check(t, err)
	d := &Dockerd{NetNS: StartNetNS(t), Host: "unix://" + dir + "/docker.sock", t: t, dir: dir, flags: flags}
	t.Cleanup(d.dispose)
	d.Start()
	return d
}

// Client returns a client of the engine.
func (d *Dockerd) Client() *client.Client {
	d.t.Helper()
	return connect(d.t, client.WithHost(d.Host))
}

// Start starts the engine, again after Stop or Kill, and waits until it answers.
func (d *Dockerd) Start() {
	d.t.Helper()
	log, err := os.OpenFile(filepath.Join(d.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	check(d.t, err)
	defer log.Close()
	d.cmd = d.Command("dockerd", append([]string{
		"--data-root", d.dir + "/data", "--exec-root", d.dir + "/exec", "--pidfile", d.dir + "/pid", "-H", d.Host,
		"--insecure-registry", "10.214.0.0/16", "--log-level", "warn",
	}, d.flags...)...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	check(d.t, d.cmd.Start())
	d.ended = make(chan struct{})
	go func(cmd *exec.Cmd, ended chan struct{}) { cmd.Wait(); close(ended) }(d.cmd, d.ended)
	if err := d.await(2 * time.Minute); err != nil {
		said, _ := os.ReadFile(filepath.Join(d.dir, "log"))
		d.t.Fatalf("dockerd: %v\n%s", err, said)
	}
}

// Stop asks the engine to end and waits until it has.
func (d *Dockerd) Stop() { d.signal(syscall.SIGTERM) }

// Kill ends the engine by force. Its containers run on until it comes back.
func (d *Dockerd) Kill() {
	d.signal(syscall.SIGKILL)
	d.endContainerd()
}

func (d *Dockerd) signal(s syscall.Signal) {
	d.cmd.Process.Signal(s)
	select {
	case <-d.ended:
	case <-time.After(time.Minute):
		d.t.Error("dockerd does not end")
		d.cmd.Process.Kill()
	}
}

func (d *Dockerd) await(timeout time.Duration) error {
	c, err := client.NewClientWithOpts(client.WithHost(d.Host), client.WithAPIVersionNegotiation())
	if err != nil {
		return err
	}
	defer c.Close()
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); {
		if _, err = c.Ping(context.Background()); err == nil {
			return nil
		}
		select {
		case <-d.ended:
			return errors.New("ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return err
}

// dispose removes the engine and all that it made.
func (d *Dockerd) dispose() {
	select {
	case <-d.ended:
		d.Start() // to end its containers
	default:
	}
	ctx, c := context.Background(), d.Client()
	all, _ := c.ContainerList(ctx, container.ListOptions{All: true})
	for _, one := range all {
		c.ContainerRemove(ctx, one.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	d.Stop()
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], d.dir+"/") {
			unix.Unmount(f[1], unix.MNT_DETACH)
		}
	}
	os.RemoveAll(d.dir)
}

// endContainerd ends the helper that an engine started, if it is still there, and its traces: where nobody buries the
// dead, the engine would take a dead helper for a living one.
func (d *Dockerd) endContainerd() {
	pidfile := d.dir + "/exec/containerd/containerd.pid"
	data, err := os.ReadFile(pidfile)
	if err != nil {
		return
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	if line, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline"); strings.Contains(string(line), d.dir) {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	os.Remove(pidfile)
}
