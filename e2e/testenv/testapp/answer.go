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
