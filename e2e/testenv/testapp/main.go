// Testapp is the customer's program in the tests: a small web server that answers, streams, logs, crashes and reaches
// out on demand. It is steered by its environment:
//
//	PORT            port to listen on, default 8080
//	VERSION         what it says it is
//	START_DELAY     wait this long before anything else ("2s")
//	LISTEN_DELAY    wait this long between the first log line and listening
//	NEVER_LISTEN    any value: log, then only wait
//	CRASH_AT_START  exit with this code at once
//	IGNORE_TERM     any value: SIGTERM does nothing
//
// With the argument "check" it asks the server beside it whether it is well, as the check of an image does.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	log.SetOutput(os.Stdout)
	if len(os.Args) > 1 && os.Args[1] == "check" {
		check()
		return
	}
	wait("START_DELAY")
	if code := os.Getenv("CRASH_AT_START"); code != "" {
		fmt.Fprintln(os.Stderr, "crashing at start with", code)
		n, _ := strconv.Atoi(code)
		os.Exit(n)
	}
	log.Printf("starting version %s instance %s on port %s", os.Getenv("VERSION"), hostname(), port())
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM, syscall.SIGINT)
	if os.Getenv("IGNORE_TERM") != "" {
		signal.Ignore(syscall.SIGTERM)
	}
	if os.Getenv("NEVER_LISTEN") != "" {
		<-term
		return
	}
	wait("LISTEN_DELAY")
	serve(term)
}

// serve answers until a signal comes, then finishes what is under way.
func serve(term <-chan os.Signal) {
	srv := &http.Server{Addr: ":" + port(), Handler: logged(routes()), Protocols: &http.Protocols{}}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true) // as gRPC has it
	done := make(chan struct{})
	go func() {
		defer close(done)
		<-term
		log.Print("stopping")
		srv.Shutdown(context.Background())
	}()
	log.Print("listening")
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-done
	log.Print("stopped")
}

func routes() http.Handler {
	mux := http.NewServeMux()
	for path, h := range map[string]http.HandlerFunc{
		"/{$}": hello, "/env": env, "/headers": headers, "/healthz": healthz, "/sick": sick, "/redirect": redirect,
		"/log": logLine, "/flood": flood, "/crash": crash, "/oom": oom, "/drop": drop, "/slow": slow,
		"/echo": echo, "/size": size, "/endless": endless, "/sse": sse, "/ws": websocketEcho,
		"/dial": dial, "/fetch": fetch, "/redis": redis, "/grpc.health.v1.Health/Check": checkGRPC,
	} {
		mux.HandleFunc(path, h)
	}
	return mux
}

// logged prints a line a request before it is answered, so that one that kills the program is seen too.
func logged(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log.Print(r.Method, " ", r.URL.Path)
		h.ServeHTTP(w, r)
	})
}

func wait(name string) {
	d, _ := time.ParseDuration(os.Getenv(name))
	time.Sleep(d)
}

func port() string {
	if p := os.Getenv("PORT"); p != "" {
		return p
	}
	return "8080"
}

func hostname() string {
	name, _ := os.Hostname()
	return name
}

// number returns a parameter of a request, or fallback.
func number(r *http.Request, name string, fallback int) int {
	if n, err := strconv.Atoi(r.URL.Query().Get(name)); err == nil {
		return n
	}
	return fallback
}
