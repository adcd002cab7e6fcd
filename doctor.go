package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"berth/core"
	"berth/core/config"
	"berth/core/store"
	"berth/worker/registry/snapshot"
)

// finding is what doctor found out about one thing.
type finding struct {
	what   string
	ok     bool
	detail string // what was seen
	next   string // what to do about it; "" when nothing is to be done
}

// minFree is the room on the data disk below which doctor warns.
const minFree = 5 * core.GiB

// doctor checks what Berth needs on this machine and says what to do about what is missing.
func doctor(ctx context.Context, cfg config.Config, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	findings := []finding{checkEngine(ctx, cfg), checkDatabase(ctx, cfg), checkDisk(cfg)}
	findings = append(findings, checkPorts(ctx, cfg)...)
	if cfg.Has("gateway") {
		findings = append(findings, checkSnapshot(cfg))
	}
	findings = append(findings, checkTCP(ctx, cfg)...)
	if cfg.LogsURL != "" {
		findings = append(findings, checkLogStore(ctx, cfg))
	}
	if cfg.GatewayHTTPS != "" {
		findings = append(findings, checkKey(cfg))
	}
	for _, s := range cfg.ZooKeeperServers {
		findings = append(findings, checkZooKeeper(s))
	}
	wrong := 0
	for _, f := range findings {
		mark := "ok  "
		if !f.ok {
			mark = "FAIL"
			wrong++
		}
		fmt.Fprintf(out, "%s  %-12s %s\n", mark, f.what, f.detail)
		if f.next != "" {
			fmt.Fprintf(out, "      %-12s Next: %s\n", "", f.next)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d checks failed", wrong, len(findings))
	}
	return nil
}

func checkEngine(ctx context.Context, cfg config.Config) finding {
	engine, err := newEngine(cfg, "", newLog(cfg, io.Discard))
	var info core.EngineInfo
	if err == nil {
		info, err = engine.Info(ctx)
	}
	if err != nil {
		return finding{"engine", false, explain(err), "Start a Docker engine (systemctl start docker), or point docker-host at one."}
	}
	return finding{"engine", true, fmt.Sprintf("%s, %s, %s of memory, instances publish on %s",
		info.Version, info.Arch, info.Memory.Human(), info.Address), ""}
}

func checkDatabase(ctx context.Context, cfg config.Config) finding {
	options, err := storeOptions(cfg)
	var pending int
	if err == nil {
		pending, err = store.Pending(ctx, options)
	}
	switch {
	case err != nil:
		return finding{"database", false, explain(err), "Check database-dsn, and that the server runs and lets this user in."}
	case pending > 0:
		return finding{"database", true, fmt.Sprintf("%s answers; %d changes of its schema are applied at the next start", cfg.Database, pending), ""}
	}
	return finding{"database", true, cfg.Database + " answers and is up to date", ""}
}

func checkLogStore(ctx context.Context, cfg config.Config) finding {
	if _, err := newLogStore(cfg).Epoch(ctx); err != nil {
		return finding{"log store", false, explain(err), "Check logs-url and logs-kind, that the server runs, and that it lets this user in."}
	}
	return finding{"log store", true, cfg.LogsKind + " answers", ""}
}

func checkDisk(cfg config.Config) finding {
	free, err := freeSpace(cfg.Data)
	if err != nil {
		return finding{"disk", false, err.Error(), "Set data to a folder that this user may write to."}
	}
	if free < minFree {
		return finding{"disk", false, free.Human() + " free for " + cfg.Data, "Make room, or set data to a larger disk."}
	}
	return finding{"disk", true, free.Human() + " free for " + cfg.Data, ""}
}

func statErr(path string) error {
	_, err := os.Stat(path)
	return err
}

func checkPorts(ctx context.Context, cfg config.Config) []finding {
	runs := berthRuns(ctx, cfg)
	var findings []finding
	for _, l := range []struct{ name, address string }{{"portal", cfg.PortalListen}, {"gateway", cfg.GatewayHTTP}, {"https", cfg.GatewayHTTPS}} {
		if l.address != "" {
			findings = append(findings, checkPort(l.name, l.address, runs))
		}
	}
	return findings
}

func checkPort(name, address string, runs bool) finding {
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		listener.Close()
		return finding{name, true, address + " is free", ""}
	case runs:
		return finding{name, true, "Berth runs and has " + address, ""}
	}
	return finding{name, false, err.Error(), fmt.Sprintf("Stop what uses %s, or set another address.", address)}
}

// berthRuns reports whether it is a Berth that has the portal's address.
func berthRuns(ctx context.Context, cfg config.Config) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+imageHost(cfg.PortalListen)+"/readyz", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	var answer struct{ Parts map[string]any }
	return json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&answer) == nil && len(answer.Parts) > 0
}

// checkKey looks whether the keys of certificates can be opened here.
func checkKey(cfg config.Config) finding {
	if sealer, err := gatewaySealer(cfg); err != nil || sealer == nil {
		return finding{"secret-key", false, "there is none, so the gateway leaves HTTPS off",
			"Set secret-key to that of portal and worker, or let this process have their data directory."}
	}
	return finding{"secret-key", true, "opens the keys of certificates", ""}
}

func checkZooKeeper(server string) finding {
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(server, "2181")
	}
	conn, err := net.DialTimeout("tcp", server, 3*time.Second)
	if err != nil {
		return finding{"zookeeper", false, err.Error(), "Start ZooKeeper there, or correct zookeeper-servers. Traffic goes on meanwhile."}
	}
	conn.Close()
	return finding{"zookeeper", true, server + " answers", ""}
}

// checkSnapshot looks at what the gateway would serve if the registry were away when it starts.
func checkSnapshot(cfg config.Config) finding {
	entries, seen, err := snapshot.Check(snapshotPath(cfg))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{"snapshot", true, "there is none yet; the gateway writes it when it has read the registry", ""}
	case err != nil:
		return finding{"snapshot", false, fmt.Sprintf("%s cannot be read and is ignored: %s", snapshotPath(cfg), err),
			"Nothing, if the gateway runs: it writes a new one at the next change. Else remove the file."}
	}
	return finding{"snapshot", true, fmt.Sprintf("%d entries, confirmed %s ago", entries, time.Since(seen).Round(time.Second)), ""}
}

// explain words an error for the terminal.
func explain(err error) string {
	var e *core.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := english().Text(e.Message)
	for _, f := range e.Fields {
		if line := english().Text(f.Message); line != text {
			text += "\n" + f.Field + ": " + line
		}
	}
	if e.Err != nil {
		text += " (" + strings.TrimSpace(e.Err.Error()) + ")"
	}
	return text
}
