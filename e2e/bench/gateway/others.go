package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// startOther starts another proxy in a folder of its own, by the configuration that config makes for two addresses.
func startOther(dir, name string, config func(dir, address, secure string) string, command func(file string) []string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	secure, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir = filepath.Join(dir, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "config")
	if err := os.WriteFile(file, []byte(config(dir, address, secure)), 0o644); err != nil {
		return nil, err
	}
	args := command(file)
	cmd := exec.Command(args[0], args[1:]...)
	log, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{command: cmd, address: address, secure: secure}
	for _, a := range []string{address, secure} {
		if err := awaitListener(a); err != nil {
			p.stop()
			said, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("%s did not start: %w: %s", name, err, said)
		}
	}
	return p, nil
}

func startHAProxy(dir string, origin *process, pair certificate) (*process, error) {
	config := func(dir, address, secure string) string {
		var b, routes strings.Builder
		fmt.Fprintf(&b, `global
	maxconn 8000
	nbthread %d
defaults
	mode http
	timeout connect 3s
	timeout client 75s
	timeout server 120s
	http-reuse safe
frontend all
	bind %s
	bind %s ssl crt %s alpn h2,http/1.1
	option forwardfor
	http-request set-header X-Forwarded-Proto http
	use_backend %%[req.hdr(host),field(1,:),lower,map(%s)]
`, runtime.NumCPU(), address, secure, pair.both, filepath.Join(dir, "routes"))
		for i := range someRoutes + 1 {
			fmt.Fprintf(&b, "backend b%d\n\tserver s %s\n", i, origin.address)
			fmt.Fprintf(&routes, "%s b%d\n", domain(i), i)
		}
		fmt.Fprintf(&routes, "localhost b%d\n", someRoutes)
		os.WriteFile(filepath.Join(dir, "routes"), []byte(routes.String()), 0o644)
		return b.String()
	}
	return startOther(dir, "haproxy", config, func(file string) []string { return []string{"haproxy", "-f", file} })
}

func startCaddy(dir string, origin *process, pair certificate) (*process, error) {
	config := func(dir, address, secure string) string {
		var b strings.Builder
		_, port, _ := strings.Cut(address, ":")
		_, securePort, _ := strings.Cut(secure, ":")
		b.WriteString("{\n\tadmin off\n\tauto_https off\n\tlog {\n\t\tlevel ERROR\n\t}\n}\n")
		for i := range someRoutes {
			fmt.Fprintf(&b, "http://%s:%s {\n\tbind 127.0.0.1\n\treverse_proxy %s\n}\n", domain(i), port, origin.address)
		}
		fmt.Fprintf(&b, "https://localhost:%s {\n\tbind 127.0.0.1\n\ttls %s %s\n\treverse_proxy %s\n}\n", securePort, pair.chain, pair.key, origin.address)
		return b.String()
	}
	return startOther(dir, "caddy", config, func(file string) []string {
		return []string{"caddy", "run", "--adapter", "caddyfile", "--config", file}
	})
}
