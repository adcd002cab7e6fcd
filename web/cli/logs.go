package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"berth/core"
	"berth/web/client"
)

type logsCmd struct {
	App      string `arg:"" complete:"app" help:"Id of an app or a service."`
	Follow   bool   `short:"f" help:"Go on with the lines that are still to come."`
	Tail     *int   `placeholder:"N" help:"Begin with the last N lines, at most 1000. Default: 200."`
	Instance string `placeholder:"ID" help:"Of this instance alone; the beginning of its id is enough."`
	Search   string `short:"s" placeholder:"WORDS" help:"Look for words in what is kept, also of instances that are gone; \"several together\" and -without work."`
	Level    string `enum:",error,warn,info,debug" default:"" placeholder:"LEVEL" help:"Look for lines of a level: error, warn, info or debug."`
	Since    string `placeholder:"CURSOR|DURATION" help:"Begin behind the line of a cursor, or with the lines of the last 10m, 2h."`
}

const (
	usualTail = 200
	mostTail  = 1000
)

func (c logsCmd) Run(s *session) error {
	q, from, err := c.query(time.Now())
	if err != nil {
		return err
	}
	api, err := s.client()
	if err != nil {
		return err
	}
	if q.Instance, err = c.instance(s, api); err != nil {
		return err
	}
	if c.searches() {
		return c.search(s, api, q.Instance, from, q.Tail)
	}
	p := linePrinter{s: s, from: from, colours: s.colours(s.stdout), screen: isTerminal(s.stdout)}
	err = api.Logs(s.ctx, c.App, q, p.print, func(err error) { s.note("The connection broke; connecting again. Nothing is lost.") })
	if c.Follow && errors.Is(err, context.Canceled) && s.ctx.Err() != nil {
		return nil // Ctrl-C is how one stops to follow
	}
	return err
}

// query returns with which lines to begin, and the time before which lines are left out.
func (c logsCmd) query(now time.Time) (client.LogQuery, time.Time, error) {
	q, from := client.LogQuery{Tail: usualTail, PastOnly: !c.Follow}, time.Time{}
	if d, err := time.ParseDuration(c.Since); err == nil {
		if d < 0 {
			return q, from, usage("--since is a time that has passed, such as 10m.")
		}
		q.Tail, from = mostTail, now.Add(-d)
	} else {
		q.Cursor = c.Since
	}
	if c.Tail != nil {
		if *c.Tail < 0 || *c.Tail > mostTail {
			return q, from, usage("--tail is from 0 to %d.", mostTail)
		}
		q.Tail = *c.Tail
	}
	return q, from, nil
}

// instance returns the id that the flag is the beginning of.
func (c logsCmd) instance(s *session, api *client.Client) (string, error) {
	if c.Instance == "" {
		return "", nil
	}
	app, err := api.App(s.ctx, c.App)
	if err != nil {
		return "", err
	}
	var found []string
	for _, i := range app.Value.Instances {
		if strings.HasPrefix(i.ID, c.Instance) {
			found = append(found, i.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", absent("%s has no instance that begins with %q. See: berth status %s", c.App, c.Instance, c.App)
	case 1:
		return found[0], nil
	}
	return "", usage("Several instances begin with %q: %s", c.Instance, strings.Join(found, ", "))
}

// linePrinter writes lines of an app's log.
type linePrinter struct {
	s       *session
	from    time.Time
	colours bool // tell instances apart by colour
	screen  bool // what is written is seen by a terminal, which obeys control characters
}

func (p *linePrinter) print(l client.Answer[core.LogLine]) error {
	line := l.Value
	if line.Time.Before(p.from) {
		return nil
	}
	if p.s.JSON {
		return p.s.line(l.JSON)
	}
	if line.Dropped > 0 {
		p.s.note("(%d lines were left out: they came faster than they could be shown)", line.Dropped)
	}
	return p.show(line)
}

// show writes a line for people.
func (p *linePrinter) show(line core.LogLine) error {
	text := line.Line
	if p.screen {
		text = inert(text, p.colours)
	}
	head := line.Time.Local().Format("15:04:05.000") + " " + short(inert(line.Instance, false))
	if p.colours {
		head = colourOf(line.Instance) + head + resetColours
	}
	_, err := fmt.Fprintf(p.s.stdout, "%s  %s\n", head, text)
	return err
}

func short(instance string) string {
	if len(instance) > 8 {
		return instance[:8]
	}
	return instance
}

// colourOf gives each instance one of six colours that can be read on dark and light.
func colourOf(instance string) string {
	h := fnv.New32a()
	h.Write([]byte(instance))
	return fmt.Sprintf("\x1b[%dm", 31+h.Sum32()%6)
}
