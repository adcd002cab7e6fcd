package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"

	"github.com/valyala/fasthttp"

	"berth/core"
	"berth/worker/gateway"
	"berth/worker/registry/memory"
)

func runRole(role string) {
	args := strings.Split(role, " ")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	if args[0] == "origin" {
		runOrigin(ctx, l)
		return
	}
	routes, _ := strconv.Atoi(args[2])
	runProxy(ctx, l, args[1], routes, args[3])
}

// runOrigin answers every request with 1 KiB.
func runOrigin(ctx context.Context, l net.Listener) {
	content := bytes.Repeat([]byte("x"), 1024)
	s := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) { c.Success("text/plain", content) }}
	context.AfterFunc(ctx, func() { s.Shutdown() })
	fmt.Println(l.Addr())
	if err := s.Serve(l); err != nil {
		log.Fatal(err)
	}
}

// runProxy is Berth's gateway with so many apps, each at its own domain.
func runProxy(ctx context.Context, l net.Listener, origin string, routes int, profile string) {
	registry := memory.New()
	for i := range routes {
		app := fmt.Sprintf("app%d", i)
		address := core.Address{AppID: app, Version: "1.0", ContainerID: "c", Address: origin}
		route := core.Route{Domain: domain(i), AppID: app, Weights: map[string]int{"1.0": 100}, State: core.RouteOnline}
		if registry.Register(ctx, address) != nil || registry.PutRoute(ctx, route) != nil {
			log.Fatal("cannot publish " + route.Domain)
		}
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			log.Fatal(err)
		}
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	fmt.Println(l.Addr())
	if err := gateway.New(gateway.Options{Registry: registry, Listener: l}).Run(ctx); err != nil {
		log.Print(err)
	}
}

func domain(i int) string { return fmt.Sprintf("app%d.localhost", i) }
