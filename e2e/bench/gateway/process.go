package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that was started, and its children.
type process struct {
	command *exec.Cmd
	address string
	secure  string        // for HTTPS
	sockets string        // of the origin: for WebSockets
	bodies  string        // of the origin: for large bodies
	settled chan struct{} // what it holds is as little as can be
}

// securePort is the port for HTTPS.
func (p *process) securePort() string {
	_, port, _ := net.SplitHostPort(p.secure)
	return port
}

const roleVariable = "BERTH_BENCH_ROLE"

// startRole starts this program again in another role; it prints its addresses when it is ready.
func startRole(args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+strings.Join(args, "\n"))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	output := bufio.NewReader(out)
	line, err := output.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not start: %w", args[0], err)
	}
	addresses := append(strings.Fields(line), "", "", "")
	p := &process{command: cmd, address: addresses[0], settled: make(chan struct{}, 100)}
	go p.listen(output)
	if args[0] == "origin" {
		p.sockets, p.bodies = addresses[1], addresses[2]
	} else {
		p.secure = addresses[1]
	}
	return p, nil
}

// stop ends the process and waits for it.
func (p *process) stop() {
	p.command.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		p.command.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		p.command.Process.Kill()
		<-done
	}
}

// cpu returns the processor time, user and system, of the process and its children so far.
func (p *process) cpu() (time.Duration, error) {
	total := time.Duration(0)
	for _, pid := range append(children(p.command.Process.Pid), p.command.Process.Pid) {
		t, err := cpuOf(pid)
		if err != nil {
			return 0, err
		}
		total += t
	}
	return total, nil
}

func cpuOf(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// Behind the name, which may hold anything and ends with the last parenthesis, utime and stime are 12th and 13th.
	text := string(stat)
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	const ticksPerSecond = 100 // USER_HZ is 100 on every Linux of today
	return time.Duration(user+system) * time.Second / ticksPerSecond, err
}

// rss returns the memory that is resident, of the process and its children, bytes. What they share counts for each.
func (p *process) rss() int64 { return p.memory("VmRSS:") }

// peak returns the most that was resident since resetPeak.
func (p *process) peak() int64 { return p.memory("VmHWM:") }

func (p *process) memory(field string) (total int64) {
	for _, pid := range append(children(p.command.Process.Pid), p.command.Process.Pid) {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, rest, ok := strings.Cut(string(status), field); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			total += kib << 10
		}
	}
	return total
}

func (p *process) resetPeak() {
	for _, pid := range append(children(p.command.Process.Pid), p.command.Process.Pid) {
		os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
	}
}

// settle has a Berth give back what it does not use, so that its memory says what it holds. It is asked again when it
// says nothing, as one does that has only just begun.
func (p *process) settle() error {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		p.command.Process.Signal(syscall.SIGUSR1)
		select {
		case _, ok := <-p.settled:
			if !ok {
				return errors.New("the gateway under test has ended")
			}
			return nil
		case <-time.After(2 * time.Second):
		}
	}
	return errors.New("the gateway under test does not settle")
}

// listen hears what a Berth says until it ends.
func (p *process) listen(output *bufio.Reader) {
	defer close(p.settled)
	for {
		if _, err := output.ReadString('\n'); err != nil {
			return
		}
		p.settled <- struct{}{}
	}
}

func children(pid int) []int {
	var pids []int
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}
