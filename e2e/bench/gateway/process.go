package main

import (
	"bufio"
	"fmt"
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
}

const roleVariable = "BERTH_BENCH_ROLE"

// startRole starts this program again in another role; it prints its address when it is ready.
func startRole(args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+strings.Join(args, " "))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("%s did not start: %w", args[0], err)
	}
	return &process{cmd, strings.TrimSpace(line)}, nil
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
