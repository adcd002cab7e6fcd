// Command gateway measures Berth's gateway beside nginx, HAProxy and Caddy, whichever are installed, in one run: all
// stand before the same origin, with the same routes, and wrk (or h2load) drives them in turn. Everything is on
// loopback. Berth has its counts, its access log and rules on; the others log nothing.
//
// It prints a table of what was measured and one of the figures that Berth is to reach. The ratios are the medians of
// those within each round: within a round the machine is the same for all.
package main

import (
	"flag"
	"log"
	"os"
	"time"
)

var (
	rounds   = flag.Int("rounds", 5, "how often each cell is measured; the median counts")
	duration = flag.Duration("duration", 2*time.Second, "of one measurement")
	conns    = flag.Int("connections", 64, "that the load keeps open")
	many     = flag.Int("routes", 100_000, "the most routes that Berth is measured with")
	size     = flag.Int64("size", 1<<30, "of the body that goes down and up, bytes")
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

func run() error {
	dir, err := os.MkdirTemp("", "berth-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{dir: dir}
	defer b.stop()
	if err := b.start(); err != nil {
		return err
	}
	for range *rounds {
		for _, c := range b.cells {
			if err := c.measure(dir); err != nil {
				return err
			}
		}
	}
	b.printCells(os.Stdout)
	if err := b.memory(); err != nil {
		return err
	}
	if err := b.transfers(); err != nil {
		return err
	}
	b.report(os.Stdout)
	return nil
}
