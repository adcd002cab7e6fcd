package main

import (
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// bench is everything that is measured.
type bench struct {
	dir     string
	pair    certificate
	origin  *process
	proxies map[string]*process // by name
	order   []string            // of the proxies' names
	cells   []*cell
	figures []figure
}

// figure is what Berth is to reach.
type figure struct {
	what  string
	value float64
	most  float64
	unit  string
}

const (
	berth   = "Berth"
	nginx   = "nginx"
	haproxy = "HAProxy"
	caddy   = "Caddy"
)

// someRoutes is how many routes every proxy has.
const someRoutes = 1000

// start starts all proxies that are installed, and plans the cells.
func (b *bench) start() error {
	pair, err := newCertificate(b.dir)
	if err != nil {
		return err
	}
	if b.origin, err = startRole("origin"); err != nil {
		return err
	}
	b.proxies = map[string]*process{}
	for _, p := range []struct {
		name, program string
		start         func(dir string, origin *process, pair certificate) (*process, error)
	}{{nginx, "nginx", startNginx}, {haproxy, "haproxy", startHAProxy}, {caddy, "caddy", startCaddy}} {
		if _, err := exec.LookPath(p.program); err != nil {
			fmt.Printf("%s is not installed and left out.\n", p.name)
			continue
		}
		started, err := p.start(b.dir, b.origin, pair)
		if err != nil {
			return err
		}
		b.proxies[p.name] = started
		b.order = append(b.order, p.name)
	}
	own, err := b.startBerth(someRoutes, someRoutes, pair, *profile)
	if err != nil {
		return err
	}
	b.proxies[berth] = own
	b.order = append(b.order, berth)
	b.pair = pair
	return b.plan(pair)
}

func (b *bench) startBerth(routes, apps int, pair certificate, profile string) (*process, error) {
	o := b.origin
	p, err := startRole("proxy", o.address+" "+o.sockets+" "+o.bodies, strconv.Itoa(routes), strconv.Itoa(apps),
		filepath.Join(b.dir, fmt.Sprintf("berth-%d-%d", routes, apps)), pair.chain, pair.key, profile)
	if err != nil {
		return nil, err
	}
	if err := awaitRoute(p.address, domain(routes-1)); err != nil {
		return nil, err
	}
	return p, p.settle()
}

// awaitRoute waits until a gateway knows the route that it is told last: what reading them takes is no request's cost.
func awaitRoute(address, domain string) error {
	request, err := http.NewRequest(http.MethodGet, "http://"+address, nil)
	if err != nil {
		return err
	}
	request.Host = domain
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the gateway does not serve %s: %v", domain, err)
		}
	}
}

func (b *bench) plan(pair certificate) error {
	for _, kind := range []string{plain, overTLS, http2} {
		if _, err := exec.LookPath("h2load"); kind == http2 && err != nil {
			fmt.Println("h2load is not installed: HTTP/2 is left out.")
			continue
		}
		for _, name := range b.order {
			if kind == http2 && name == haproxy {
				continue
			}
			b.cells = append(b.cells, &cell{name: name, kind: kind, routes: someRoutes, asked: someRoutes, proxy: b.proxies[name]})
		}
	}
	for _, routes := range []int{10, *many} {
		p, err := b.startBerth(routes, routes, pair, "")
		if err != nil {
			return err
		}
		name := fmt.Sprintf("%s %d", berth, routes)
		b.proxies[name] = p
		b.cells = append(b.cells, &cell{name: berth, kind: plain, routes: routes, asked: 10, proxy: p})
	}
	return nil
}

func (b *bench) stop() {
	for _, p := range b.proxies {
		p.stop()
	}
	if b.origin != nil {
		b.origin.stop()
	}
}

// find returns a cell, nil when it was not measured.
func (b *bench) find(name, kind string, routes int) *cell {
	for _, c := range b.cells {
		if c.name == name && c.kind == kind && c.routes == routes {
			return c
		}
	}
	return nil
}

func (b *bench) report(out io.Writer) {
	fmt.Fprintln(out)
	b.ratio("gateway CPU a request, Berth to nginx, 1,000 routes", berth, nginx, plain, 1.1, (*cell).cpus)
	b.ratio("gateway p99, Berth to nginx", berth, nginx, plain, 1.0, (*cell).slowest)
	b.ratio("over TLS: gateway CPU a request, Berth to nginx", berth, nginx, overTLS, 1.3, (*cell).cpus)
	b.ratio("over HTTP/2: gateway CPU a request, Berth to Caddy", berth, caddy, http2, 0.7, (*cell).cpus)
	few, lots := b.find(berth, plain, 10), b.find(berth, plain, *many)
	b.figures = append(b.figures, figure{fmt.Sprintf("gateway CPU a request, Berth, %d routes to 10", *many), ratio(lots.micros, few.micros), 1.05, ""})
	for _, f := range b.figures {
		fmt.Fprintln(out, f)
	}
}

func (b *bench) ratio(what, name, other, kind string, most float64, values func(*cell) []float64) {
	x, y := b.find(name, kind, someRoutes), b.find(other, kind, someRoutes)
	if x != nil && y != nil {
		b.figures = append(b.figures, figure{what, ratio(values(x), values(y)), most, ""})
	}
}

func (b *bench) printCells(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "proxy\tover\troutes\tasked for\trequests/s\tCPU/request\tp50\tp99\tRSS\tfailed\tCPU to nginx\t")
	for _, c := range b.cells {
		to := ""
		if n := b.find(nginx, c.kind, someRoutes); n != nil {
			to = fmt.Sprintf("%.2f", ratio(c.micros, n.micros))
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%.0f\t%.1f us\t%.2f ms\t%.2f ms\t%.0f MiB\t%d\t%s\t\n", c.name, c.kind, c.routes, c.asked,
			median(c.rates), median(c.micros), median(c.p50), median(c.p99), median(c.rss), c.faults, to)
	}
	w.Flush()
}

func (f figure) String() string {
	mark := ""
	if f.value > f.most {
		mark = "  missed"
	}
	return fmt.Sprintf("%-56s %8.2f%s (at most %.2f)%s", f.what+":", f.value, f.unit, f.most, mark)
}

// ratio is the median over the rounds.
func ratio(a, b []float64) float64 {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return median(ratios)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
