package logs

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"berth/core"
)

// readers is how many logs are read side by side.
const readers = 8

// begin gives the last n lines of all instances together, by time.
func (v *viewer) begin(ctx context.Context, instances []core.Instance, n int) error {
	var (
		mu    sync.Mutex
		tail  []core.LogLine
		slots = make(chan struct{}, readers)
		group sync.WaitGroup
	)
	for _, i := range instances {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			lines, last := v.source.lastLines(ctx, i, max(n, 1))
			mu.Lock()
			defer mu.Unlock()
			v.known(i, last)
			tail = latest(append(tail, lines...), n)
		})
	}
	group.Wait()
	tail = latest(append(tail, v.gone(ctx, instances, n)...), n)
	for _, l := range slices.Backward(tail) { // the first of each instance has the last word
		v.at[l.Instance] = l.Time.Add(-1)
	}
	return v.deliverLines(ctx, tail)
}

// gone returns the last lines of instances that are no more. Without them the log goes on all the same.
func (v *viewer) gone(ctx context.Context, instances []core.Instance, n int) (lines []core.LogLine) {
	if v.source.opts.Lines == nil || v.only != "" || n == 0 {
		return nil
	}
	app, err := v.source.opts.Store.Apps().Get(ctx, v.appID)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, goneTime)
	defer cancel()
	found, _, err := v.source.opts.Lines.Search(ctx, core.LogSearch{TenantID: app.TenantID, AppID: app.ID, From: app.CreatedAt, Limit: n})
	if err != nil {
		v.source.opts.Log.Debug("lines of instances that are gone cannot be had", "app", v.appID, "error", err)
	}
	for _, r := range found {
		if !slices.ContainsFunc(instances, func(i core.Instance) bool { return i.ID == r.Instance }) {
			lines = append(lines, r.LogLine)
		}
	}
	return lines
}

// goneTime is how long a log waits for the lines of instances that are gone.
const goneTime = 2 * time.Second

// known notes that an instance has been read up to a line.
func (v *viewer) known(i core.Instance, last time.Time) {
	fl := newFollower(last)
	v.followers[i.ID] = fl
	if last.IsZero() {
		return // its first line is still to come
	}
	fl.begun(i)
	v.at[i.ID] = last
}

// lastLines returns the last n lines of an instance and how far it has been read: to its last line, or, when it
// cannot be read, to now, lest all it ever wrote comes as new.
func (s *Source) lastLines(ctx context.Context, i core.Instance, n int) (lines []core.LogLine, last time.Time) {
	err := s.read(ctx, i, core.LogQuery{Tail: n}, func(l core.LogLine) error {
		lines, last = append(lines, l), l.Time
		return nil
	})
	if err != nil {
		s.opts.Log.Debug("a log cannot be read yet", "instance", i.ID, "error", err)
		last = time.Now()
	}
	return lines, last
}

// latest returns the last n of lines, by time.
func latest(lines []core.LogLine, n int) []core.LogLine {
	slices.SortStableFunc(lines, func(a, b core.LogLine) int { return a.Time.Compare(b.Time) })
	return slices.Clone(lines[max(0, len(lines)-n):])
}

func (v *viewer) deliverLines(ctx context.Context, lines []core.LogLine) error {
	for _, l := range lines {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := v.deliver(l); err != nil {
			return err
		}
	}
	return nil
}

// resume gives everything behind the cursor that has been written until now, by time.
func (v *viewer) resume(ctx context.Context, instances []core.Instance) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heads := make([]*head, 0, len(instances))
	for _, i := range instances {
		heads = append(heads, v.source.open(ctx, i, v.at[i.ID]))
	}
	for {
		heads = slices.DeleteFunc(heads, func(h *head) bool { return !h.fill() && v.ended(h) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if len(heads) == 0 {
			break
		}
		first := slices.MinFunc(heads, func(a, b *head) int {
			return cmp.Or(a.line.Time.Compare(b.line.Time), cmp.Compare(a.line.Instance, b.line.Instance))
		})
		if err := v.deliver(first.take()); err != nil {
			return err
		}
	}
	return nil
}

// ended hands a log that has been read to its end over to a follower; true.
func (v *viewer) ended(h *head) bool {
	if h.err != nil {
		v.broken = true
		v.followers[h.instance.ID] = newFollower(v.at[h.instance.ID])
	} else {
		v.known(h.instance, v.at[h.instance.ID])
	}
	return true
}

// head is the next line of a log that is read as fast as it is taken from.
type head struct {
	instance core.Instance
	lines    chan core.LogLine
	err      error // why the log broke off; set before lines is closed
	line     core.LogLine
	full     bool
}

// open reads a log from behind since up to now.
func (s *Source) open(ctx context.Context, i core.Instance, since time.Time) *head {
	h := &head{instance: i, lines: make(chan core.LogLine, 16)}
	go func() {
		defer close(h.lines)
		h.err = s.read(ctx, i, core.LogQuery{Since: since}, func(l core.LogLine) error {
			select {
			case h.lines <- l:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	return h
}

// fill waits for the next line, and reports false at the end of the log.
func (h *head) fill() bool {
	if !h.full {
		h.line, h.full = <-h.lines
	}
	return h.full
}

func (h *head) take() core.LogLine {
	h.full = false
	return h.line
}
