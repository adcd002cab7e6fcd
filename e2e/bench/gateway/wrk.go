package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// wrkScript asks for one domain after the other.
const wrkScript = `local n, step, at, requests = %d, %d, 0, {}
function init()
	for i = 0, n - 1 do
		requests[i] = wrk.format("GET", "/", {["Host"] = "app" .. i * step .. ".localhost"})
	end
end
function request()
	at = (at + 1) %% n
	return requests[at]
end
`

// wrkDone says what was counted.
const wrkDone = `function done(summary, latency)
	local e = summary.errors
	io.write(string.format("counted %d %d %f %f\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
		latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
`

var counted = regexp.MustCompile(`counted (\d+) (\d+) ([0-9.]+) ([0-9.]+)`)

// driveWrk puts load on the proxy of a cell for a while. Over TLS it asks for the one domain that the connections are
// made for.
func driveWrk(dir string, c *cell) (load, error) {
	text, url := fmt.Sprintf(wrkScript, c.asked, c.routes/c.asked)+wrkDone, "http://"+c.proxy.address+"/"
	if c.kind == overTLS {
		text, url = wrkDone, "https://localhost:"+c.proxy.securePort()+"/"
	}
	script := filepath.Join(dir, "load.lua")
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		return load{}, err
	}
	out, err := exec.Command("wrk", "-t", "1", "-c", strconv.Itoa(*conns), "-d", strconv.Itoa(int(duration.Seconds()))+"s",
		"--latency", "-s", script, url).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	m := counted.FindSubmatch(out)
	if m == nil {
		return load{}, fmt.Errorf("wrk said nothing of use: %s", out)
	}
	l := load{requests: number(m[1]), faults: number(m[2])}
	l.p50, _ = strconv.ParseFloat(string(m[3]), 64)
	l.p99, _ = strconv.ParseFloat(string(m[4]), 64)
	if l.requests == 0 {
		return load{}, fmt.Errorf("no request was answered: %s", out)
	}
	return l, nil
}

func number(text []byte) int {
	n, _ := strconv.Atoi(string(text))
	return n
}
