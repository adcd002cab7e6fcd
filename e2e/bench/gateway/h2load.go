package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// driveH2 puts load on the proxy of a cell over HTTP/2: as many connections as elsewhere, one request at a time on each.
func driveH2(dir string, c *cell) (load, error) {
	file := filepath.Join(dir, "h2load.log")
	os.Remove(file)
	out, err := exec.Command("h2load", "-t", "1", "-c", strconv.Itoa(*conns), "-m", "1", "-D", strconv.Itoa(int(duration.Seconds())),
		"--connect-to=127.0.0.1:"+c.proxy.securePort(), "--log-file="+file, "https://localhost/").CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("h2load: %w: %s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return load{}, err
	}
	l, micros := load{}, []float64(nil)
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := bytes.Fields(lines.Bytes()) // begin, status, microseconds
		if len(fields) < 3 {
			continue
		}
		l.requests++
		if string(fields[1]) != "200" {
			l.faults++
		}
		micros = append(micros, float64(number(fields[2])))
	}
	if l.requests == 0 {
		return load{}, fmt.Errorf("no request was answered: %s", out)
	}
	slices.Sort(micros)
	l.p50, l.p99 = micros[len(micros)/2]/1000, micros[len(micros)*99/100]/1000
	return l, nil
}
