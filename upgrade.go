package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"berth/worker"
	"berth/worker/handover"
)

// comeUpLimit is how long the gateway of a newer process may take to know its routes.
const comeUpLimit = 30 * time.Second

// handoverPath is where a process with a gateway hands over to a newer one of the same data folder.
func (p *parts) handoverPath() string { return filepath.Join(p.cfg.Data, "gateway.sock") }

// beginGateway runs the gateway, which needs nothing but the registry, and returns a function that waits for its end.
// If another process serves already, its listeners are taken over, and it has let go of all else when this returns.
func (p *parts) beginGateway(ctx context.Context) (wait func(), err error) {
	if !p.cfg.Has("gateway") {
		return func() {}, p.reservePortal()
	}
	older, err := p.listeners.TakeOver(p.handoverPath(), p.listens())
	if err != nil {
		return nil, fmt.Errorf("the process that runs does not hand over: %w", err)
	}
	if err := errors.Join(p.reserve("gateway-http", p.cfg.GatewayHTTP), p.reserve("gateway-https", p.cfg.GatewayHTTPS),
		p.reserve("gateway-stats", p.cfg.GatewayStats), p.reservePortal()); err != nil {
		return nil, err
	}
	supervisor := &worker.Supervisor{Log: p.log}
	supervisor.Add(worker.Loop{Name: "gateway", Run: p.gateway.Run}, worker.Loop{Name: "tcp", Run: p.tcp.Run})
	var running sync.WaitGroup
	running.Go(func() { supervisor.Run(ctx) })
	if older != nil {
		err = p.succeed(ctx, older)
	}
	return running.Wait, err
}

// succeed takes the place of an older process.
func (p *parts) succeed(ctx context.Context, older *handover.Predecessor) error {
	if err := p.awaitGateway(ctx); err != nil {
		older.Abandon()
		return err
	}
	if err := older.Ready(); err != nil {
		return fmt.Errorf("the process that ran is gone: %w", err)
	}
	p.log.Info("this process serves; the older one ends what is under way")
	p.notify(fmt.Sprintf("MAINPID=%d", os.Getpid()))
	if err := older.Released(ctx); err != nil {
		return err
	}
	p.listeners.CloseRest()
	return nil
}

func (p *parts) awaitGateway(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, comeUpLimit)
	defer cancel()
	for look := time.NewTicker(5 * time.Millisecond); !p.gateway.Ready(); {
		select {
		case <-ctx.Done():
			look.Stop()
			return errors.New("the gateway does not come up; the process that runs goes on")
		case <-look.C:
		}
	}
	return nil
}

// offerListeners lets a newer process take over, and starts one when this one hears SIGHUP.
func (p *parts) offerListeners(ctx context.Context, leave func()) {
	p.notify("READY=1")
	if !p.cfg.Has("gateway") {
		return
	}
	if err := p.offer.Start(ctx, leave); err != nil {
		p.log.Warn("no newer process can take over from this one", "path", p.handoverPath(), "error", err)
		return
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangups)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				p.startNewer()
			}
		}
	}()
}

// startNewer runs the program, as it lies on disk now, with the same arguments.
func (p *parts) startNewer() {
	path, err := os.Executable()
	if err == nil {
		var newer *os.Process
		newer, err = os.StartProcess(path, os.Args, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
		if err == nil {
			p.log.Info("a newer process begins", "pid", newer.Pid)
			go newer.Wait() // its end is no concern of this one, but a process that nobody waits for stays
			return
		}
	}
	p.log.Error("a newer process cannot be started", "error", err)
}

func (p *parts) succeeded() bool { return p.offer.Succeeded() }

// listens returns the addresses by which a process is known for the successor of another.
func (p *parts) listens() (all []string) {
	for _, address := range []string{p.cfg.GatewayHTTP, p.cfg.GatewayHTTPS} {
		if address != "" {
			all = append(all, address)
		}
	}
	return append(all, tcpListeners(p.cfg)...)
}

func (p *parts) reservePortal() error {
	if !p.cfg.Has("portal") {
		return nil
	}
	return p.reserve("portal-listen", p.cfg.PortalListen)
}

// reserve tells at once what would only be logged and retried later.
func (p *parts) reserve(setting, address string) error {
	if address == "" {
		return nil
	}
	if err := p.listeners.Reserve(address); err != nil {
		return fmt.Errorf("nothing can listen on %s: %w\nSet %s to an address that is free", address, err, setting)
	}
	return nil
}

// notify tells a service manager that waits for it (sd_notify(3)).
func (p *parts) notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	c, err := net.Dial("unixgram", path)
	if err == nil {
		_, err = c.Write([]byte(state))
		c.Close()
	}
	if err != nil {
		p.log.Warn("the service manager cannot be told", "state", state, "error", err)
	}
}
