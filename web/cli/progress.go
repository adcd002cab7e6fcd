package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"berth/core"
)

// progress shows how much of an image was sent: a bar on a screen, else a line now and then.
type progress struct {
	s     *session
	live  bool
	about int64
	begun time.Time

	mu    sync.Mutex
	sent  int64
	drawn time.Time
	next  int64 // when the next line is due, in bytes
	whole bool  // everything was sent
}

const (
	redraw   = 100 * time.Millisecond
	barWidth = 30
	lineStep = int64(64 * core.MiB) // between lines when nobody knows how much there is
)

func (s *session) newProgress(about int64) *progress {
	return &progress{s: s, live: s.colours(s.stderr), about: about, begun: time.Now()}
}

func (p *progress) reading(r io.Reader) io.Reader { return counted{r, p} }

type counted struct {
	io.Reader
	p *progress
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.p.add(int64(n), err == io.EOF)
	return n, err
}

func (p *progress) add(n int64, whole bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent += n
	if p.s.JSON || p.whole {
		return
	}
	switch {
	case whole:
		p.whole = true
		p.wipe()
		p.s.note("Sent %s in %s; Berth looks into it.", core.Bytes(p.sent).Human(), time.Since(p.begun).Round(100*time.Millisecond))
	case p.live && time.Since(p.drawn) >= redraw:
		p.drawn = time.Now()
		fmt.Fprint(p.s.stderr, clearLine+fit(p.text(), width(p.s.stderr)))
	case !p.live && p.sent >= p.next:
		if p.sent > 0 && p.next > 0 {
			p.s.note("%s", p.text())
		}
		p.next = p.sent - p.sent%p.step() + p.step()
	}
}

func (p *progress) step() int64 {
	if p.about > 0 {
		return max(p.about/10, 1<<20)
	}
	return lineStep
}

func (p *progress) text() string {
	if p.about <= 0 {
		return "Sent " + core.Bytes(p.sent).Human()
	}
	part := min(float64(p.sent)/float64(p.about), 1)
	text := fmt.Sprintf("Sent %s of %s, %d%%", core.Bytes(p.sent).Human(), core.Bytes(max(p.about, p.sent)).Human(), int(part*100))
	if !p.live {
		return text
	}
	full := int(part * barWidth)
	return "[" + strings.Repeat("#", full) + strings.Repeat(".", barWidth-full) + "] " + text
}

func (p *progress) wipe() {
	if p.live && !p.drawn.IsZero() {
		fmt.Fprint(p.s.stderr, clearLine)
	}
}

// end leaves the screen tidy, also when the sending broke off.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.whole {
		p.wipe()
	}
}
