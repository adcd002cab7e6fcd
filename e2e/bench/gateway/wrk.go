package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

// load is what wrk counted.
type load struct{ requests, faults int }

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
function done(summary)
	local e = summary.errors
	io.write(string.format("counted %%d %%d\n", summary.requests, e.connect + e.read + e.write + e.status + e.timeout))
end
`

var counted = regexp.MustCompile(`counted (\d+) (\d+)`)

// drive puts load on the proxy of a cell for a while.
func drive(dir string, c *cell, conns int, d time.Duration) (load, error) {
	script := filepath.Join(dir, "load.lua")
	if err := os.WriteFile(script, fmt.Appendf(nil, wrkScript, c.asked, c.routes/c.asked), 0o644); err != nil {
		return load{}, err
	}
	out, err := exec.Command("wrk", "-t", "1", "-c", strconv.Itoa(conns), "-d", strconv.Itoa(int(d.Seconds()))+"s",
		"-s", script, "http://"+c.proxy.address+"/").CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w: %s", err, out)
	}
	m := counted.FindSubmatch(out)
	if m == nil {
		return load{}, fmt.Errorf("wrk said nothing of use: %s", out)
	}
	requests, _ := strconv.Atoi(string(m[1]))
	faults, _ := strconv.Atoi(string(m[2]))
	if requests == 0 {
		return load{}, fmt.Errorf("no request was answered: %s", out)
	}
	return load{requests, faults}, nil
}
