package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// logLine writes ?line= to stdout, or with ?stream=stderr there; ?size= repeats it up to so many bytes.
func logLine(w http.ResponseWriter, r *http.Request) {
	out := os.Stdout
	if r.URL.Query().Get("stream") == "stderr" {
		out = os.Stderr
	}
	line := []byte(r.URL.Query().Get("line"))
	for n, piece := number(r, "size", 0), line; len(piece) > 0 && len(line)+len(piece) <= n; {
		line = append(line, piece...)
	}
	out.Write(append(line, '\n'))
}

// flood writes ?n= numbered lines to stdout, without end for n=0, each ?size= bytes longer than it has to be.
func flood(w http.ResponseWriter, r *http.Request) {
	n, more := number(r, "n", 1000), strings.Repeat("~", number(r, "size", 0))
	out := bufio.NewWriterSize(os.Stdout, 32*1024)
	defer out.Flush()
	for i := 1; n == 0 || i <= n; i++ {
		if _, err := fmt.Fprintf(out, "flood line %d of %d%s\n", i, n, more); err != nil || r.Context().Err() != nil {
			return
		}
	}
}

// crash ends the program with ?code=.
func crash(_ http.ResponseWriter, r *http.Request) {
	code := number(r, "code", 1)
	fmt.Fprintln(os.Stderr, "crashing with", code)
	os.Exit(code)
}

// oom takes ?mb= of memory, which the limit of a container is to end.
func oom(w http.ResponseWriter, r *http.Request) {
	const chunk = 1 << 20
	var held [][]byte
	for range number(r, "mb", 1024) {
		b := make([]byte, chunk)
		for i := 0; i < chunk; i += 4096 {
			b[i] = 1
		}
		held = append(held, b)
	}
	fmt.Fprintln(w, "still here with", len(held), "MiB")
}

// drop closes the connection; ?bytes= of a longer answer are sent before.
func drop(w http.ResponseWriter, r *http.Request) {
	if n := number(r, "bytes", 0); n > 0 {
		w.Header().Set("Content-Length", fmt.Sprint(n+1))
		w.Write(make([]byte, n))
	}
	panic(http.ErrAbortHandler)
}

// slow answers after ?ms=.
func slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(time.Duration(number(r, "ms", 1000)) * time.Millisecond)
	if status, err := strconv.Atoi(os.Getenv("SLOW_STATUS")); err == nil {
		w.WriteHeader(status)
	}
	hello(w, r)
}
