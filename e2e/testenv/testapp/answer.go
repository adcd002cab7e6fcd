package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
)

var isSick atomic.Bool

// hello says which version answers, and where.
func hello(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "version %s instance %s\n", os.Getenv("VERSION"), hostname())
}

// env answers the environment as JSON, or the bytes of ?name= alone.
func env(w http.ResponseWriter, r *http.Request) {
	if name := r.URL.Query().Get("name"); name != "" {
		fmt.Fprint(w, os.Getenv(name))
		return
	}
	all := map[string]string{}
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		all[name] = value
	}
	writeJSON(w, all)
}

// headers answers the request as it arrived.
func headers(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, map[string]any{
		"method": r.Method, "uri": r.RequestURI, "proto": r.Proto, "host": r.Host, "remote_addr": r.RemoteAddr,
		"headers": r.Header,
	})
}

// healthz answers 200 until /sick was asked.
func healthz(w http.ResponseWriter, _ *http.Request) {
	if isSick.Load() {
		http.Error(w, "sick", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// checkGRPC is grpc.health.v1.Health/Check: SERVING (1) until /sick was asked, then NOT_SERVING (2).
func checkGRPC(w http.ResponseWriter, _ *http.Request) {
	status := byte(1)
	if isSick.Load() {
		status = 2
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Write([]byte{0, 0, 0, 0, 2, 1 << 3, status})
	w.Header().Set(http.TrailerPrefix+"Grpc-Status", "0")
}

// check ends with 1 when /healthz of the server beside it is not well.
func check() {
	res, err := http.Get("http://127.0.0.1:" + port() + "/healthz")
	if err != nil || res.StatusCode != http.StatusOK {
		fmt.Println("the server is not well")
		os.Exit(1)
	}
}

// sick makes /healthz fail from now on, or with ?sick=0 answer again.
func sick(w http.ResponseWriter, r *http.Request) {
	isSick.Store(number(r, "sick", 1) != 0)
}

// redirect sends the client to ?to=.
func redirect(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusFound)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
