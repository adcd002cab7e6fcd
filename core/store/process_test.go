package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"berth/core"
	"berth/core/store"
)

const racerEnv = "BERTH_STORE_RACER"

// testTwoProcesses: 25 goroutines in each of two processes want the last port.
func testTwoProcesses(t *testing.T, fresh fresh) {
	o, _ := fresh(t)
	s := open(t, o)
	ok(t, s.Hosts().Put(system(t), core.Host{ID: core.LocalHost, PortFrom: 25700, PortTo: 25700}))
	racers := []*process{startRacer(t, o), startRacer(t, o)}
	for _, r := range racers {
		r.line(t, "ready")
	}
	for _, r := range racers {
		r.start.Close() // the barrier
	}
	got := map[string]int{}
	for _, r := range racers {
		for range 25 {
			got[r.line(t, "")]++
		}
	}
	if got["25700"] != 1 || got[string(core.ECONFLICT)] != 49 {
		t.Fatalf("got %v, want one port and 49 conflicts", got)
	}
}

// process is this test's binary run once more.
type process struct {
	start io.Closer
	lines *bufio.Scanner
}

func startRacer(t *testing.T, o store.Options) *process {
	t.Helper()
	options, err := json.Marshal(o)
	ok(t, err)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), racerEnv+"="+string(options))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	ok(t, err)
	out, err := cmd.StdoutPipe()
	ok(t, err)
	ok(t, cmd.Start())
	t.Cleanup(func() { cmd.Wait() })
	return &process{start: in, lines: bufio.NewScanner(out)}
}

// line reads the next line, which must be want unless that is "".
func (p *process) line(t *testing.T, want string) string {
	t.Helper()
	if !p.lines.Scan() || want != "" && p.lines.Text() != want {
		t.Fatalf("the other process said %q, want %q", p.lines.Text(), want)
	}
	return p.lines.Text()
}

// racer is the other process: it says that it is ready, waits for the barrier, and prints for each goroutine the port
// or the code of the error.
func racer(options string) int {
	var o store.Options
	ctx := core.WithActor(context.Background(), core.System())
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer s.Close()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	lines := make([]string, 25)
	var wg sync.WaitGroup
	for i := range lines {
		wg.Go(func() {
			port, err := s.Hosts().TakePort(ctx, core.LocalHost, core.NewInstanceID())
			lines[i] = string(core.ErrorCode(err))
			if err == nil {
				lines[i] = fmt.Sprint(port)
			}
		})
	}
	wg.Wait()
	fmt.Println(strings.Join(lines, "\n"))
	return 0
}
