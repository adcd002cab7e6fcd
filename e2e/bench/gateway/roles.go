package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"berth/core"
	"berth/worker/access"
	"berth/worker/gateway"
	"berth/worker/registry/snapshot"
)

func runRole(role string) {
	args := strings.Split(role, "\n")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	l := listen()
	if args[0] == "origin" {
		runOrigin(ctx, l)
		return
	}
	routes, _ := strconv.Atoi(args[2])
	apps, _ := strconv.Atoi(args[3])
	runProxy(ctx, l, args[1], routes, apps, args[4], certificate{chain: args[5], key: args[6]}, args[7])
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return l
}

// runOrigin answers every request with 1 KiB; at two further addresses it echoes on WebSockets and takes large bodies.
func runOrigin(ctx context.Context, l net.Listener) {
	content := bytes.Repeat([]byte("x"), 1024)
	s := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) { c.Success("text/plain", content) }}
	sockets, bodies := listen(), listen()
	go http.Serve(sockets, http.HandlerFunc(echo))
	go http.Serve(bodies, http.HandlerFunc(transfer))
	context.AfterFunc(ctx, func() { s.Shutdown() })
	fmt.Println(l.Addr(), sockets.Addr(), bodies.Addr())
	if err := s.Serve(l); err != nil {
		log.Fatal(err)
	}
}

// transfer sends as many bytes as the query says, and takes whatever is posted.
func transfer(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		n, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
		return
	}
	n, _ := strconv.ParseInt(r.URL.RawQuery, 10, 64)
	w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
	piece := make([]byte, 64<<10)
	for ; n > 0; n -= int64(len(piece)) {
		if _, err := w.Write(piece[:min(n, int64(len(piece)))]); err != nil {
			return
		}
	}
}

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := (&websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 512}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, message, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, message) != nil {
			return
		}
	}
}

// rules are some of each kind that a request passes through.
func rules() *core.Rules {
	return &core.Rules{
		Deny:            []string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.7", "2001:db8::/32"},
		Rate:            core.RateLimit{Requests: 1_000_000, Burst: 1_000_000},
		RequestHeaders:  []core.HeaderRule{{Name: "X-Bench", Value: "1"}, {Name: "X-Secret"}},
		ResponseHeaders: []core.HeaderRule{{Name: "Strict-Transport-Security", Value: "max-age=31536000"}},
		MaxBody:         64 * core.GiB,
		Redirects:       []core.Redirect{{From: "/old", To: "/new"}},
		Eject:           core.Ejection{Failures: 5},
	}
}

// runProxy is Berth's gateway with so many domains of so many apps, all with rules, and one at localhost over TLS.
func runProxy(ctx context.Context, l net.Listener, origin string, routes, apps int, logs string, pair certificate, profile string) {
	sealer, err := core.NewSealer(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		log.Fatal(err)
	}
	feed := &feed{}
	origins := strings.Fields(origin)
	for i := range routes {
		feed.publish(domain(i), fmt.Sprintf("app%d", i%apps), origins[0])
	}
	feed.publish("localhost", "secure", origins[0])
	feed.publish("sockets.localhost", "sockets", origins[1])
	feed.publish("bodies.localhost", "bodies", origins[2])
	feed.publishCertificate(sealer, pair)
	registry := snapshot.Keep(feed, snapshot.Options{Path: filepath.Join(logs, "snapshot")})
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			log.Fatal(err)
		}
		pprof.StartCPUProfile(f)
		defer pprof.StopCPUProfile()
	}
	secure := listen()
	fmt.Println(l.Addr(), secure.Addr())
	settles := make(chan os.Signal, 1)
	signal.Notify(settles, syscall.SIGUSR1)
	go func() {
		for range settles {
			debug.FreeOSMemory()
			fmt.Println("settled")
		}
	}()
	sink := access.New(access.Options{Dir: logs})
	go sink.Run(ctx)
	if err := gateway.New(gateway.Options{Registry: registry, Listener: l, Secure: secure, Sealer: sealer, Access: sink}).Run(ctx); err != nil {
		log.Print(err)
	}
}

// feed is a registry that tells everything once and keeps nothing, as one elsewhere does.
type feed struct {
	core.Registry
	all []core.RegistryChange
}

func (f *feed) Watch(ctx context.Context, apply func(core.RegistryChange)) error {
	for n, c := range f.all {
		c.Reset = n == 0
		apply(c)
	}
	f.all = nil
	<-ctx.Done()
	return ctx.Err()
}

func (f *feed) Announce(context.Context, core.GatewayNode) error { return nil }
func (f *feed) Contact() time.Time                               { return time.Now() }

func (f *feed) publish(domain, app, origin string) {
	f.all = append(f.all, core.RegistryChange{
		Apps:   map[string][]core.Address{app: {{AppID: app, Version: "1.0", ContainerID: "c", Address: origin}}},
		Routes: []core.Route{{Domain: domain, AppID: app, Weights: map[string]int{"1.0": 100}, State: core.RouteOnline, Rules: rules()}},
	})
}

func (f *feed) publishCertificate(sealer core.Sealer, pair certificate) {
	chain, err := os.ReadFile(pair.chain)
	if err != nil {
		log.Fatal(err)
	}
	key, err := os.ReadFile(pair.key)
	if err != nil {
		log.Fatal(err)
	}
	c := core.PublishedCertificate{ID: "localhost", Names: []string{"localhost"}, Chain: string(chain)}
	if c.SealedKey, err = sealer.Seal(c.ID, key); err != nil {
		log.Fatal(err)
	}
	f.all = append(f.all, core.RegistryChange{Certificates: []core.PublishedCertificate{c}})
}

func domain(i int) string { return fmt.Sprintf("app%d.localhost", i) }
