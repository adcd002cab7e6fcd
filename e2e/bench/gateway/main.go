// Command gateway measures the processor time that Berth's gateway takes for a request beside nginx, in one run: both
// stand before the same origin, with the same routes, and wrk drives them in turn. Everything is on loopback.
//
// It prints the ratio of Berth to nginx with 1,000 routes, all asked for in turn, and of 1,000 routes to 10 within
// Berth, the same number of apps asked for: more apps at work touch more sockets, in every proxy alike.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

var (
	rounds   = flag.Int("rounds", 5, "how often each cell is measured; the median counts")
	duration = flag.Duration("duration", 2*time.Second, "of one measurement")
	conns    = flag.Int("connections", 64, "that wrk keeps open")
	profile  = flag.String("profile", "", "write a CPU profile of Berth with 1,000 routes here")
)

func main() {
	log.SetFlags(0)
	if role := os.Getenv(roleVariable); role != "" {
		runRole(role)
		return
	}
	flag.Parse()
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// cell is one proxy with a number of routes of which some are asked for, and what each round measured.
type cell struct {
	name          string
	routes, asked int
	proxy         *process
	micros, rates []float64 // processor time a request in microseconds, requests a second
	faults        int
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func run() error {
	dir, err := os.MkdirTemp("", "berth-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	origin, err := startRole("origin")
	if err != nil {
		return err
	}
	defer origin.stop()
	nginx, err := startNginx(dir, origin.address, 1000)
	if err != nil {
		return err
	}
	defer nginx.stop()
	few, err := startRole("proxy", origin.address, "10", "")
	if err != nil {
		return err
	}
	defer few.stop()
	many, err := startRole("proxy", origin.address, "1000", *profile)
	if err != nil {
		return err
	}
	defer many.stop()
	cells := []*cell{
		{name: "nginx", routes: 1000, asked: 1000, proxy: nginx},
		{name: "Berth", routes: 1000, asked: 1000, proxy: many},
		{name: "Berth", routes: 10, asked: 10, proxy: few},
		{name: "Berth", routes: 1000, asked: 10, proxy: many},
	}
	for range *rounds {
		for _, c := range cells {
			if err := c.measure(dir); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	report(cells)
	return nil
}

func (c *cell) measure(dir string) error {
	before, err := c.proxy.cpu()
	if err != nil {
		return err
	}
	result, err := drive(dir, c, *conns, *duration)
	if err != nil {
		return err
	}
	after, err := c.proxy.cpu()
	if err != nil {
		return err
	}
	c.micros = append(c.micros, float64((after-before).Microseconds())/float64(result.requests))
	c.rates = append(c.rates, float64(result.requests)/duration.Seconds())
	c.faults += result.faults
	return nil
}

func report(cells []*cell) {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "proxy\troutes\tasked for\tCPU/request\trequests/s\tfailed\t")
	for _, c := range cells {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.1f us\t%.0f\t%d\t\n", c.name, c.routes, c.asked, median(c.micros), median(c.rates), c.faults)
	}
	w.Flush()
	fmt.Printf("\ngateway CPU a request, Berth to nginx, 1,000 routes:   %.2f (at most 1.50)\n", ratio(cells[1], cells[0]))
	fmt.Printf("gateway CPU a request, Berth, 1,000 routes to 10:      %.2f (at most 1.05)\n", ratio(cells[3], cells[2]))
}

// ratio is the median over the rounds: within a round the machine is the same for both.
func ratio(a, b *cell) float64 {
	ratios := make([]float64, len(a.micros))
	for i := range ratios {
		ratios[i] = a.micros[i] / b.micros[i]
	}
	return median(ratios)
}
