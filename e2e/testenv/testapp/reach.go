package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

const reachTimeout = 3 * time.Second

// dial tries to connect to ?addr= and answers "ok" or "error: why". With net=udp it sends a datagram, again and again,
// and waits for an answer.
func dial(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	timeout := time.Duration(number(r, "ms", 1000)) * time.Millisecond
	network := q.Get("net")
	if network == "" {
		network = "tcp"
	}
	c, err := net.DialTimeout(network, q.Get("addr"), timeout)
	if err == nil {
		defer c.Close()
		if network == "udp" {
			err = echoed(c, time.Now().Add(timeout))
		}
	}
	if err != nil {
		fmt.Fprintln(w, "error:", err)
		return
	}
	fmt.Fprintln(w, "ok")
}

// echoed sends until something comes back.
func echoed(c net.Conn, deadline time.Time) error {
	for {
		if _, err := c.Write([]byte("hello")); err != nil {
			return err
		}
		c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := c.Read(make([]byte, 16)); err == nil || time.Now().After(deadline) {
			return err
		}
	}
}

// fetch asks ?url= and passes on the answer's body.
func fetch(w http.ResponseWriter, r *http.Request) {
	res, err := (&http.Client{Timeout: reachTimeout}).Get(r.URL.Query().Get("url"))
	if err != nil {
		http.Error(w, "error: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer res.Body.Close()
	w.WriteHeader(res.StatusCode)
	io.Copy(w, res.Body)
}

// redis talks to the Redis at ?addr=, signed in with ?password=: it writes ?set= under ?key= when given, and answers
// what lies there.
func redis(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, err := net.DialTimeout("tcp", q.Get("addr"), reachTimeout)
	if err != nil {
		http.Error(w, "error: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(reachTimeout))
	commands := [][]string{{"PING"}}
	if p := q.Get("password"); p != "" {
		commands = [][]string{{"AUTH", p}, {"PING"}}
	}
	key := q.Get("key")
	if key == "" {
		key = "testapp"
	}
	if v := q.Get("set"); v != "" {
		commands = append(commands, []string{"SET", key, v})
	}
	answer, in := "", bufio.NewReader(c)
	for _, command := range append(commands, []string{"GET", key}) {
		if answer, err = ask(c, in, command); err != nil {
			http.Error(w, "error: "+err.Error(), http.StatusBadGateway)
			return
		}
	}
	fmt.Fprintln(w, answer)
}

// ask sends one command in Redis' protocol and returns its answer.
func ask(out io.Writer, in *bufio.Reader, command []string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(command))
	for _, word := range command {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return "", err
	}
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	var n int
	switch {
	case strings.HasPrefix(line, "-"):
		return "", fmt.Errorf("%s: %s", command[0], line[1:])
	case !strings.HasPrefix(line, "$"):
		return strings.TrimLeft(line, "+:"), nil
	}
	if fmt.Sscan(line[1:], &n); n < 0 {
		return "", nil
	}
	value := make([]byte, n+2)
	if _, err := io.ReadFull(in, value); err != nil {
		return "", err
	}
	return string(value[:n]), nil
}
