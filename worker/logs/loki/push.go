package loki

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"berth/core"
	"berth/worker/logs/server"
)

// Append implements core.LogStore. A line that is there already is not there twice: to Loki the two are one.
func (s *Store) Append(ctx context.Context, lines []core.LogRecord) error {
	p := push{store: s}
	if err := p.all(ctx, slices.SortedStableFunc(slices.Values(lines), byTime)); err != nil {
		return err
	}
	if len(p.refused.Lines) == 0 {
		return nil
	}
	slices.SortStableFunc(p.refused.Lines, byTime)
	return &p.refused
}

func byTime(a, b core.LogRecord) int { return a.Time.Compare(b.Time) }

// push finds out which lines are refused.
type push struct {
	store   *Store
	refused core.LogRefusal
	tooOld  time.Time // this and all before
}

// all has lines taken, which are sorted by time: where some are refused half by half, until those are alone. The later
// half goes first: once a line is found to be too old, nobody needs to ask about those before it.
func (p *push) all(ctx context.Context, lines []core.LogRecord) error {
	n, _ := slices.BinarySearchFunc(lines, p.tooOld, func(l core.LogRecord, at time.Time) int { return cmp.Or(l.Time.Compare(at), -1) })
	p.refused.Lines = append(p.refused.Lines, lines[:n]...)
	if lines = lines[n:]; len(lines) == 0 {
		return nil
	}
	answer, err := p.store.server.Insist(ctx, http.MethodPost, "/loki/api/v1/push", "application/json", encode(lines))
	if err == nil {
		return answer.Close()
	}
	r, ok := errors.AsType[*server.Refusal](err)
	switch half := len(lines) / 2; {
	case !ok || r.Status != http.StatusBadRequest && r.Status != http.StatusRequestEntityTooLarge:
		return err
	case half == 0:
		p.refused.Lines, p.refused.Why = append(p.refused.Lines, lines...), r
		if strings.Contains(r.Text, "timestamp too old") {
			p.tooOld = lines[0].Time
		}
		return nil
	default:
		if err := p.all(ctx, lines[half:]); err != nil {
			return err
		}
		return p.all(ctx, lines[:half])
	}
}

func encode(lines []core.LogRecord) []byte {
	streams := map[labels]*stream{}
	var push struct {
		Streams []*stream `json:"streams"`
	}
	for _, l := range lines {
		of := labelsOf(l)
		s := streams[of]
		if s == nil {
			s = &stream{Labels: of}
			streams[of] = s
			push.Streams = append(push.Streams, s)
		}
		s.Values = append(s.Values, value{l.Time, l.Line, noteOf(l)})
	}
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	_ = to.Encode(push) // into memory, which cannot fail
	return b.Bytes()
}
