package main

import "fmt"

// What a proxy is spoken to in.
const (
	plain   = "HTTP"
	overTLS = "HTTPS"
	http2   = "HTTP/2"
)

// cell is one proxy with a number of routes of which some are asked for, and what each round measured.
type cell struct {
	name          string
	kind          string
	routes, asked int
	proxy         *process
	micros, rates []float64 // processor time a request in microseconds, requests a second
	p50, p99      []float64 // milliseconds
	rss           []float64 // MiB
	faults        int
}

// load is what was counted in one measurement.
type load struct {
	requests, faults int
	p50, p99         float64 // milliseconds
}

func (c *cell) cpus() []float64    { return c.micros }
func (c *cell) slowest() []float64 { return c.p99 }

func (c *cell) measure(dir string) error {
	drive := driveWrk
	if c.kind == http2 {
		drive = driveH2
	}
	before, err := c.proxy.cpu()
	if err != nil {
		return err
	}
	result, err := drive(dir, c)
	if err != nil {
		return fmt.Errorf("%s, %s: %w", c.name, c.kind, err)
	}
	after, err := c.proxy.cpu()
	if err != nil {
		return err
	}
	c.micros = append(c.micros, float64((after-before).Microseconds())/float64(result.requests))
	c.rates = append(c.rates, float64(result.requests)/duration.Seconds())
	c.p50, c.p99 = append(c.p50, result.p50), append(c.p99, result.p99)
	c.rss = append(c.rss, float64(c.proxy.rss())/(1<<20))
	c.faults += result.faults
	return nil
}
