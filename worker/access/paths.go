package access

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"berth/core"
)

// sketchSize is how many paths an app counts at once. What is asked for in more than one of so many requests is
// always among them (space-saving, Metwally 2005); a flood of others takes turns in the places that are left.
const sketchSize = 64

// topPaths finds the most frequent paths of every app, in this slot and the one before.
type topPaths struct {
	slot  int64
	slots [2]map[string]*sketch // of slot and the one before, by app
}

type sketch struct {
	at      map[string]int // path -> place
	entries [sketchSize]entry
	n       int
}

// entry counts a path; before is the most that it may have been counted for others.
type entry struct {
	path          string
	count, before int64
}

func (p *topPaths) turn(now int64) {
	switch {
	case now == p.slot:
		return
	case now == p.slot+1:
		p.slots[1] = p.slots[0]
	default:
		p.slots[1] = nil
	}
	p.slot, p.slots[0] = now, map[string]*sketch{}
}

// count counts the lines of an app.
func (p *topPaths) count(appID string, lines []byte, now time.Time) {
	p.turn(core.PathSlotOf(now))
	if len(lines) == 0 {
		return
	}
	s := p.slots[0][appID]
	if s == nil {
		s = &sketch{at: map[string]int{}}
		p.slots[0][appID] = s
	}
	for line := range bytes.Lines(lines) {
		if path, ok := pathOf(line); ok {
			s.add(path)
		}
	}
}

// pathOf cuts the path out of a line.
func pathOf(line []byte) ([]byte, bool) {
	for range 4 {
		_, rest, ok := bytes.Cut(line, []byte{'\t'})
		if !ok {
			return nil, false
		}
		line = rest
	}
	path, _, ok := bytes.Cut(line, []byte{'\t'})
	return path, ok
}

func (s *sketch) add(path []byte) {
	if i, ok := s.at[string(path)]; ok {
		s.entries[i].count++
		return
	}
	i := s.n
	if s.n < sketchSize {
		s.n++
	} else {
		i = s.least()
		delete(s.at, s.entries[i].path)
	}
	e := &s.entries[i]
	e.path, e.before = string(path), e.count
	e.count++
	s.at[e.path] = i
}

func (s *sketch) least() int {
	least := 0
	for i := range s.entries {
		if s.entries[i].count < s.entries[least].count {
			least = i
		}
	}
	return least
}

// top returns what was counted for sure.
func (p *topPaths) top(appID string, at time.Time) []core.PathCount {
	p.turn(core.PathSlotOf(time.Now()))
	back := p.slot - core.PathSlotOf(at)
	if back < 0 || back > 1 {
		return nil
	}
	s := p.slots[back][appID]
	if s == nil {
		return nil
	}
	var all []core.PathCount
	for _, e := range s.entries[:s.n] {
		all = append(all, core.PathCount{Path: string(bytes.ToValidUTF8([]byte(e.path), []byte("\uFFFD"))), Requests: e.count - e.before})
	}
	slices.SortFunc(all, func(a, b core.PathCount) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Path, b.Path))
	})
	return all[:min(len(all), core.MaxTopPaths)]
}
