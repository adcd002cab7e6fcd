package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// MariaDB is a real server of a test: its own data, on a free loopback port, gone when the test ends.
type MariaDB struct {
	Dir  string // of its data
	t    testing.TB
	port int
	log  string
	tmp  string // its own: the names of its temporary tables are unique in a process only
	args []string
	cmd  *exec.Cmd
}

// StartMariaDB installs and starts a server, with further arguments if a test needs them. It takes a second; tests
// share it by a database each.
func StartMariaDB(t testing.TB, args ...string) *MariaDB {
	t.Helper()
	root := t.TempDir()
	m := &MariaDB{t: t, Dir: filepath.Join(root, "data"), port: FreePort(t), log: filepath.Join(root, "log"),
		tmp: t.TempDir(), args: args}
	out, err := exec.Command("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+m.Dir,
		"--tmpdir="+m.tmp, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve",
		"--innodb-log-file-size=8M").CombinedOutput()
	if err != nil {
		t.Fatalf("mariadb-install-db: %v\n%s", err, out)
	}
	m.Start()
	t.Cleanup(func() {
		m.Kill()
		os.Remove(m.socket())
	})
	return m
}

// DSN creates a database and returns how Go's MySQL driver reaches it.
func (m *MariaDB) DSN(db string) string {
	m.t.Helper()
	m.SQL("CREATE DATABASE IF NOT EXISTS `" + db + "`")
	return fmt.Sprintf("root@tcp(127.0.0.1:%d)/%s", m.port, db)
}

// SQL runs a statement as the administrator.
func (m *MariaDB) SQL(statement string) string {
	m.t.Helper()
	out, err := m.client("mariadb", "--batch", "--skip-column-names", "-e", statement).CombinedOutput()
	if err != nil {
		m.t.Fatalf("mariadb: %s: %v\n%s", statement, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Start starts the server, again after Stop or Kill, and waits until it answers.
func (m *MariaDB) Start() {
	m.t.Helper()
	log, err := os.OpenFile(m.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		m.t.Fatal(err)
	}
	defer log.Close()
	args := []string{"--no-defaults", "--user=root", "--datadir=" + m.Dir, "--socket=" + m.socket(),
		"--tmpdir=" + m.tmp, "--pid-file=" + m.Dir + ".pid", "--bind-address=127.0.0.1", fmt.Sprintf("--port=%d", m.port),
		"--skip-name-resolve", "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=8M"}
	m.cmd = exec.Command("mariadbd", append(args, m.args...)...)
	m.cmd.Stdout, m.cmd.Stderr = log, log
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := m.cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.await("to answer", func() bool { return m.client("mariadb-admin", "ping").Run() == nil })
}

// Stop ends the server in order.
func (m *MariaDB) Stop() { m.end(syscall.SIGTERM) }

// Kill ends it at once, as a crash would.
func (m *MariaDB) Kill() { m.end(syscall.SIGKILL) }

// Freeze stops the server from answering while its connections stay open, until Thaw.
func (m *MariaDB) Freeze() {
	m.t.Helper()
	m.signal(syscall.SIGSTOP)
	m.await("to freeze", func() bool {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
		return err == nil && strings.Contains(string(status), "State:\tT")
	})
}

// Thaw lets it go on.
func (m *MariaDB) Thaw() { m.signal(syscall.SIGCONT) }

func (m *MariaDB) end(s syscall.Signal) {
	if m.cmd == nil {
		return
	}
	m.signal(s)
	m.cmd.Wait() // its exit code says how it was ended
	m.cmd = nil
}

func (m *MariaDB) signal(s syscall.Signal) {
	if err := m.cmd.Process.Signal(s); err != nil {
		m.t.Errorf("mariadbd: %v", err)
	}
}

func (m *MariaDB) await(what string, done func() bool) {
	m.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			log, _ := os.ReadFile(m.log)
			m.t.Fatalf("mariadbd takes too long %s\n%s", what, log)
		}
	}
}

func (m *MariaDB) client(name string, args ...string) *exec.Cmd {
	return exec.Command(name, append([]string{"--no-defaults", "--user=root", "--socket=" + m.socket()}, args...)...)
}

// socket lies outside the test's directory, whose path may be longer than a socket's can be.
func (m *MariaDB) socket() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("berth-mariadb-%d.sock", m.port))
}
