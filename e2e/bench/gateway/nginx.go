package main

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"
)

// startNginx starts nginx with a server name and an upstream of its own, that keeps connections, for each app, as Berth
// has them. Bodies pass without being kept, as they do in Berth.
func startNginx(dir string, origin *process, pair certificate) (*process, error) {
	config := func(dir, address, secure string) string { return nginxConfig(dir, address, secure, origin, pair) }
	return startOther(dir, "nginx", config, func(file string) []string { return []string{"nginx", "-p", dir, "-c", file} })
}

func awaitListener(address string) error {
	for deadline := time.Now().Add(20 * time.Second); ; {
		c, err := net.Dial("tcp", address)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return err
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

func nginxConfig(prefix, address, secure string, origin *process, pair certificate) string {
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
	client_max_body_size 0;
	client_body_temp_path %s/body;
	proxy_temp_path %s/proxy;
	fastcgi_temp_path %s/fastcgi;
	uwsgi_temp_path %s/uwsgi;
	scgi_temp_path %s/scgi;
	proxy_http_version 1.1;
	proxy_request_buffering off;
	proxy_max_temp_file_size 0;
	proxy_set_header Connection "";
	proxy_set_header Host $host;
	proxy_set_header X-Forwarded-For $remote_addr;
	proxy_set_header X-Forwarded-Host $host;
	proxy_set_header X-Forwarded-Proto $scheme;
	proxy_set_header Forwarded "for=$remote_addr;host=$host;proto=$scheme";
	ssl_certificate %s;
	ssl_certificate_key %s;
	server { listen %s default_server reuseport; return 404; }
`, runtime.NumCPU(), prefix, prefix, prefix, prefix, prefix, prefix, prefix, pair.chain, pair.key, address)
	for i := range someRoutes {
		fmt.Fprintf(&b, `	upstream u%d { server %s; keepalive 64; keepalive_requests 1000000000; }
	server { listen %s; server_name %s; location / { proxy_pass http://u%d; } }
`, i, origin.address, address, domain(i), i)
	}
	fmt.Fprintf(&b, "	server { listen %s; server_name bodies.localhost; location / { proxy_pass http://%s; } }\n", address, origin.bodies)
	fmt.Fprintf(&b, `	server { listen %s ssl http2 reuseport; server_name localhost; location / { proxy_pass http://u0; } }
}
`, secure)
	return b.String()
}
