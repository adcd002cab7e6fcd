package process

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Keeper runs the child. It is a loop of the supervisor, which starts it again when it has ended.
type Keeper struct {
	Dir     string
	Command []string // of this program, that calls Serve for Dir
	Log     *slog.Logger
}

// stopPatience is how long the child may take to write the last lines to disk.
const stopPatience = 15 * time.Second

// Run starts the child and waits for its end.
func (k *Keeper) Run(ctx context.Context) error {
	if err := os.MkdirAll(k.Dir, 0o700); err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	said, says := io.Pipe()
	cmd := exec.CommandContext(ctx, program, k.Command...)
	cmd.Env = append(os.Environ(), "GOGC=50")
	cmd.Stdout, cmd.Stderr = says, says
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience
	// The child ends with its parent, however that ends; the kernel means the thread, so that stays. A terminal's
	// signals are the parent's alone.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	go k.log(said)
	err = cmd.Run()
	says.Close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("the log store ended: %w", err)
}

// log passes on what the child says.
func (k *Keeper) log(said io.Reader) {
	for lines := bufio.NewScanner(said); lines.Scan(); {
		k.Log.Warn("the log store says", "text", lines.Text())
	}
	_, _ = io.Copy(io.Discard, said)
}
