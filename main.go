// Berth is a self-service container portal: one program that holds the portal, the workers, the gateway and the
// image registry.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"berth/core/config"
	"berth/core/store"
	"berth/web/cli"
	"berth/worker/logs/victoria/process/quiet"
)

// version is set when the program is built.
var version = "dev"

func main() {
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// run carries out one command and returns the exit code: 0 for success, 1 for a failure, 2 for wrong settings; the
// client of the API has more. The client reads no settings.
func run(args, environ []string, stdin io.Reader, stdout, stderr io.Writer) int {
	quiet.Over()
	args, isClient := cli.Takes(args)
	if isClient {
		ctx, stop := untilSignal()
		defer stop()
		client := cli.Program{Version: version, Environ: environ, Stdin: stdin, Stdout: stdout, Stderr: stderr}
		for _, c := range config.Commands() {
			client.Others = append(client.Others, cli.Command(c))
		}
		return client.Run(ctx, args)
	}
	cfg, cmd, err := config.Load(args, environ)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 2
	}
	ctx, stop := untilSignal()
	defer stop()
	if err := carryOut(ctx, cfg, cmd, stdout, newLog(cfg, stderr)); err != nil {
		fmt.Fprintln(stderr, explain(err))
		return 1
	}
	return 0
}

// untilSignal returns a context that ends when the program is to stop. A second signal ends the program at once.
func untilSignal() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func carryOut(ctx context.Context, cfg config.Config, cmd config.Command, out io.Writer, log *slog.Logger) error {
	switch cmd.Name {
	case config.Serve:
		return serve(ctx, cfg, out, log)
	case config.Migrate:
		return migrate(ctx, cfg, out)
	case config.SetupLink:
		return printSetupLink(ctx, cfg, out)
	case config.Show:
		return cfg.Print(out)
	case config.LogStore:
		return keepLogs(ctx, cfg)
	case config.Doctor:
		return doctor(ctx, cfg, out)
	case config.Version:
		_, err := fmt.Fprintln(out, version)
		return err
	}
	_, err := io.WriteString(out, cmd.Help)
	return err
}

func migrate(ctx context.Context, cfg config.Config, out io.Writer) error {
	options, err := storeOptions(cfg)
	if err != nil {
		return err
	}
	if err := store.Migrate(ctx, options); err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "The database is up to date.")
	return err
}

func newLog(cfg config.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(cfg.LogLevel)) != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
