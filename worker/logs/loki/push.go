package loki

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"berth/core"
	"berth/worker/logs/server"
)

// Append implements core.LogStore. A line that is there already is not there twice: to Loki the two are one.
func (s *Store) Append(ctx context.Context, lines []core.LogRecord) error {
	var refused core.LogRefusal
	if err := s.push(ctx, lines, &refused); err != nil {
		return err
	}
	if len(refused.Lines) > 0 {
		return &refused
	}
	return nil
}

// push has lines taken: where some are refused half by half, until those are alone.
func (s *Store) push(ctx context.Context, lines []core.LogRecord, refused *core.LogRefusal) error {
	answer, err := s.server.Insist(ctx, http.MethodPost, "/loki/api/v1/push", "application/json", encode(lines))
	if err == nil {
		return answer.Close()
	}
	r, ok := errors.AsType[*server.Refusal](err)
	switch half := len(lines) / 2; {
	case !ok || r.Status != http.StatusBadRequest && r.Status != http.StatusRequestEntityTooLarge:
		return err
	case half == 0:
		refused.Lines, refused.Why = append(refused.Lines, lines...), r
		return nil
	default:
		if err := s.push(ctx, lines[:half], refused); err != nil {
			return err
		}
		return s.push(ctx, lines[half:], refused)
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
