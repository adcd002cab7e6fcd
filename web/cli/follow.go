package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"berth/core"
	"berth/web/client"
)

// work is a change that was accepted and is being carried out.
type work struct {
	app      string
	accepted client.Answer[client.Accepted]
	detach   bool
	done     string // what to say when it succeeded; "" for the address of the app
	vanishes bool   // the app goes, and the operation with it
}

// carry follows the work until it has ended, and says how. Whoever does not want to wait is told how to see it.
func (s *session) carry(api *client.Client, w work) error {
	if w.detach {
		return s.answer(w.accepted.JSON, func() error {
			return s.say("Accepted as operation %s. See how it goes: berth status %s", inert(w.accepted.Value.Operation, false), w.app)
		})
	}
	steps := stepPrinter{session: s, live: s.colours(s.stderr), seen: map[string]bool{}}
	end, err := api.Follow(s.ctx, w.accepted.Value.Operation, func(now client.Answer[client.Operation]) error {
		if s.JSON {
			return s.line(now.JSON)
		}
		steps.print(now.Value)
		return nil
	})
	steps.clear()
	switch {
	case errors.Is(err, context.Canceled):
		s.note("\nYou stopped watching; Berth goes on with it. See how it goes: berth status %s", w.app)
		return err
	case w.vanishes && client.CodeOf(err) == core.ENOTFOUND:
		end.Value.Status = core.OpSucceeded
	case err != nil:
		return err
	}
	if end.Value.Status != core.OpSucceeded {
		return s.explainFailure(end.Value)
	}
	if s.JSON {
		return nil
	}
	return s.outcome(api, w)
}

func (s *session) outcome(api *client.Client, w work) error {
	if w.done != "" {
		return s.say("%s", w.done)
	}
	app, err := api.App(s.ctx, w.app)
	if err != nil {
		return err
	}
	if app.Value.URL == "" {
		return s.say("%s is online.", w.app)
	}
	return s.say("%s is online: %s", w.app, inert(app.Value.URL, false))
}

// explainFailure says why an operation failed, with the last lines of the instance that did. With --json all that is
// in the answer already.
func (s *session) explainFailure(o client.Operation) error {
	if s.JSON {
		return failure{exitFailed, errSaid}
	}
	if len(o.Log) > 0 {
		s.note("The last lines that it wrote:")
		for _, line := range o.Log {
			s.note("  %s", inert(line, s.colours(s.stderr)))
		}
	}
	return failed("%s", or(o.Error, "It failed, and Berth does not say why. See: berth status "+o.App))
}

// stepPrinter shows the steps of an operation as they turn: each that has ended on a line, and on a screen the one
// that is under way below them.
type stepPrinter struct {
	*session
	live bool
	seen map[string]bool
	open bool // there is a line that is to be written over
}

var stepMarks = map[core.StepStatus]string{core.StepSucceeded: "ok  ", core.StepFailed: "FAIL", core.StepSkipped: "--  "}

const clearLine = "\r\x1b[K"

func (p *stepPrinter) print(o client.Operation) {
	p.clear()
	for _, step := range o.Steps {
		mark, ended := stepMarks[step.Status]
		if !ended && step.Status == core.StepRunning && p.live {
			fmt.Fprint(p.stderr, fit("..  "+p.text(step), width(p.stderr)))
			p.open = true
		}
		if !ended || p.seen[step.Name] {
			continue
		}
		p.seen[step.Name] = true
		p.note("%s  %s", mark, p.text(step))
	}
}

func (p *stepPrinter) text(step client.Step) string {
	took := ""
	if d := step.EndedAt.Sub(step.StartedAt).Round(100 * time.Millisecond); !step.EndedAt.IsZero() && d > 0 {
		took = strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return strings.TrimRight(fmt.Sprintf("%-11s %6s  %s", inert(step.Name, false), took, inert(step.Text, false)), " ")
}

func (p *stepPrinter) clear() {
	if p.open {
		fmt.Fprint(p.stderr, clearLine)
		p.open = false
	}
}
