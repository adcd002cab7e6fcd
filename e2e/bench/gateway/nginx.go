package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// startNginx starts nginx with so many server names, each with an upstream of its own that keeps connections, as
// every app of Berth has.
func startNginx(dir, origin string, routes int) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	prefix := filepath.Join(dir, fmt.Sprintf("nginx%d", routes))
	if err := os.MkdirAll(prefix, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(prefix, "nginx.conf")
	if err := os.WriteFile(file, []byte(nginxConfig(prefix, address, origin, routes)), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command("nginx", "-p", prefix, "-c", file)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd, address}
	for deadline := time.Now().Add(10 * time.Second); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
			return p, nil
		}
		if time.Now().After(deadline) {
			p.stop()
			return nil, fmt.Errorf("nginx did not start: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func nginxConfig(prefix, address, origin string, routes int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `daemon off;
worker_processes %d;
worker_rlimit_nofile 65536;
error_log %s/error.log;
pid %s/pid;
events { worker_connections 16384; }
http {
	access_log off;
	server_names_hash_max_size 8192;
	server_names_hash_bucket_size 128;
	keepalive_requests 1000000000;
	keepalive_timeout 75s;
	client_body_temp_path %s/body;
	proxy_temp_path %s/proxy;
	fastcgi_temp_path %s/fastcgi;
	uwsgi_temp_path %s/uwsgi;
	scgi_temp_path %s/scgi;
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	proxy_set_header Host $host;
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_set_header X-Forwarded-Host $host;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header Forwarded "for=$remote_addr;host=$host;proto=$scheme";
	server { listen %s default_server reuseport; return 404; }
`, runtime.NumCPU(), prefix, prefix, prefix, prefix, prefix, prefix, prefix, address)
	for i := range routes {
		fmt.Fprintf(&b, `	upstream u%d { server %s; keepalive 64; keepalive_requests 1000000000; }
	server { listen %s; server_name %s; location / { proxy_pass http://u%d; } }
`, i, origin, address, domain(i), i)
	}
	b.WriteString("}\n")
	return b.String()
}
