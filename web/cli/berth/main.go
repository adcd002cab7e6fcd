// The client alone, for machines that cannot run a Berth: macOS and Windows. On Linux it is part of the program.
package main

import (
	"context"
	"os"
	"os/signal"

	"berth/web/cli"
)

// version is set when the program is built.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	program := cli.Program{Version: version, Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	args, mine := cli.Takes(os.Args[1:])
	if !mine {
		return program.Unknown(args)
	}
	return program.Run(ctx, args)
}
