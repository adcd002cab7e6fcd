package testenv

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go-zookeeper/zk"
)

const zookeeperJar = "/usr/share/java/zookeeper.jar" // of Debian's package zookeeper

// ZooKeeper is a real ZooKeeper server of a test's own, on a free loopback port. What it holds outlives Stop and
// Kill until the test ends.
type ZooKeeper struct {
	t      testing.TB
	addr   string
	config string
	server *exec.Cmd // nil while it is down
	output bytes.Buffer
}

// StartZooKeeper starts a server and returns when it answers; it ends with the test.
func StartZooKeeper(t testing.TB) *ZooKeeper {
	t.Helper()
	dir := t.TempDir()
	z := &ZooKeeper{t: t, addr: FreeAddress(t), config: filepath.Join(dir, "z.cfg")}
	_, port, _ := net.SplitHostPort(z.addr)
	config := fmt.Sprintf("dataDir=%s\nclientPort=%s\nclientPortAddress=127.0.0.1\ntickTime=500\n"+
		"maxClientCnxns=0\nadmin.enableServer=false\n4lw.commands.whitelist=srvr\n", dir, port)
	if err := os.WriteFile(z.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(z.Kill)
	z.Start()
	return z
}

// Servers returns where it answers, as the setting zookeeper-servers has it.
func (z *ZooKeeper) Servers() []string { return []string{z.addr} }

// Start starts it again and returns when it answers.
func (z *ZooKeeper) Start() {
	z.t.Helper()
	if z.server != nil {
		return
	}
	z.output.Reset()
	cmd := exec.Command("java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dzookeeper.forceSync=no", "-cp", zookeeperJar,
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", z.config)
	cmd.Stdout, cmd.Stderr = &z.output, &z.output
	if err := cmd.Start(); err != nil {
		z.t.Fatalf("start ZooKeeper (apt-get install zookeeper): %v", err)
	}
	z.server = cmd
	for end := time.Now().Add(2 * time.Minute); !z.answers(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			z.Kill()
			z.t.Fatalf("ZooKeeper does not answer:\n%s", z.output.String())
		}
	}
	z.warmUp()
}

// warmUp returns when the server has held a session: the first one takes a cold server on a busy machine seconds.
func (z *ZooKeeper) warmUp() {
	z.t.Helper()
	conn, events, err := zk.Connect(z.Servers(), 10*time.Second, zk.WithLogInfo(false), zk.WithLogger(silent{}))
	check(z.t, err)
	defer conn.Close()
	timeout := time.After(2 * time.Minute)
	for {
		select {
		case e := <-events:
			if e.State != zk.StateHasSession {
				continue
			}
			if _, _, err := conn.Children("/"); err == nil {
				return
			}
		case <-timeout:
			z.t.Fatalf("ZooKeeper opens no session:\n%s", z.output.String())
		}
	}
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// Stop asks it to end and returns when it has.
func (z *ZooKeeper) Stop() { z.end(syscall.SIGTERM) }

// Kill ends it without warning.
func (z *ZooKeeper) Kill() { z.end(syscall.SIGKILL) }

// Wipe has it forget everything it holds; it must be down.
func (z *ZooKeeper) Wipe() {
	z.t.Helper()
	if err := os.RemoveAll(filepath.Join(filepath.Dir(z.config), "version-2")); err != nil {
		z.t.Fatal(err)
	}
}

// Freeze has it answer nothing without ending it, until Thaw.
func (z *ZooKeeper) Freeze() {
	z.t.Helper()
	z.signal(syscall.SIGSTOP)
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(z.server.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		z.t.Errorf("ZooKeeper does not freeze: %v", err)
	}
}

// Thaw lets it go on.
func (z *ZooKeeper) Thaw() { z.signal(syscall.SIGCONT) }

func (z *ZooKeeper) end(s syscall.Signal) {
	if z.server == nil {
		return
	}
	z.signal(s)
	_ = z.server.Wait() // it ends by the signal
	z.server = nil
	if z.t.Failed() {
		z.t.Log(z.output.String())
	}
}

func (z *ZooKeeper) signal(s syscall.Signal) {
	z.t.Helper()
	if err := z.server.Process.Signal(s); err != nil {
		z.t.Errorf("ZooKeeper: %v", err)
	}
}

func (z *ZooKeeper) answers() bool {
	conn, err := net.DialTimeout("tcp", z.addr, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("srvr")); err != nil {
		return false
	}
	answer, _ := io.ReadAll(conn)
	return bytes.HasPrefix(answer, []byte("Zookeeper version:")) // else it says that it is not serving yet
}
