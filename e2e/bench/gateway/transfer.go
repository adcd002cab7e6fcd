package main

import (
	"fmt"
	"io"
	"net/http"
	"time"
)

// transferRounds is how often each proxy passes a large body in each direction.
const transferRounds = 3

// transfers measures a large body down and up through nginx and Berth.
func (b *bench) transfers() error {
	ways := map[string]func(p *process) error{"down": down, "up": up}
	for _, way := range []string{"down", "up"} {
		seconds, growth := map[string][]float64{}, 0.0
		for range transferRounds {
			for _, name := range []string{nginx, berth} {
				p := b.proxies[name]
				if p == nil {
					continue
				}
				took, grown, err := transferred(p, ways[way])
				if err != nil {
					return fmt.Errorf("%s, %s: %w", name, way, err)
				}
				seconds[name] = append(seconds[name], took.Seconds())
				if name == berth {
					growth = max(growth, grown)
				}
			}
		}
		gib := float64(*size) / (1 << 30)
		if len(seconds[nginx]) > 0 {
			b.figures = append(b.figures, figure{fmt.Sprintf("%.3g GiB %s: CPU, Berth to nginx", gib, way), ratio(seconds[berth], seconds[nginx]), 1.3, ""})
		}
		b.figures = append(b.figures, figure{fmt.Sprintf("%.3g GiB %s: growth of memory", gib, way), growth, 32, " MiB"})
	}
	return nil
}

// transferred returns the processor time that a transfer took, and by how many MiB the memory grew meanwhile.
func transferred(p *process, transfer func(*process) error) (took time.Duration, grown float64, err error) {
	p.resetPeak()
	rest := p.rss()
	before, err := p.cpu()
	if err != nil {
		return 0, 0, err
	}
	if err := transfer(p); err != nil {
		return 0, 0, err
	}
	after, err := p.cpu()
	return after - before, float64(p.peak()-rest) / (1 << 20), err
}

func down(p *process) error {
	return ask(p, http.MethodGet, fmt.Sprintf("/?%d", *size), nil, *size)
}

func up(p *process) error {
	return ask(p, http.MethodPost, "/", io.LimitReader(zeros{}, *size), 0)
}

// ask sends a request and checks how long the body of the response is, unless that is 0.
func ask(p *process, method, target string, body io.Reader, want int64) error {
	req, err := http.NewRequest(method, "http://"+p.address+target, body)
	if err != nil {
		return err
	}
	req.Host = "bodies.localhost"
	if body != nil {
		req.ContentLength = *size
	}
	res, err := (&http.Transport{DisableKeepAlives: true, ReadBufferSize: 64 << 10, WriteBufferSize: 64 << 10}).RoundTrip(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, res.Body)
	if err != nil || res.StatusCode != http.StatusOK || want > 0 && n != want {
		return fmt.Errorf("%s, %d bytes, %w", res.Status, n, err)
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
