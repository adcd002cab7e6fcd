package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"berth/core"
	"berth/worker/logs/server"
)

// Append implements core.LogStore. The id of a document is where its line stands, so that none is there twice.
func (s *Store) Append(ctx context.Context, lines []core.LogRecord) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	var answer bulkAnswer
	got, err := s.server.Insist(ctx, http.MethodPost, "/_bulk", "application/x-ndjson", bulk(lines))
	if err := read(got, err, &answer); err != nil {
		return err
	}
	if answer.Errors == nil || len(answer.Items) != len(lines) {
		return server.Odd(fmt.Errorf("%d answers for %d lines", len(answer.Items), len(lines)))
	}
	return answer.judge(lines)
}

func bulk(lines []core.LogRecord) []byte {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	for _, l := range lines { // into memory, which cannot fail
		_ = to.Encode(map[string]any{"create": map[string]string{"_index": indexOf(l), "_id": idOf(l)}})
		_ = to.Encode(newDocument(l))
	}
	return b.Bytes()
}

// bulkAnswer says of each line what became of it.
type bulkAnswer struct {
	Errors *bool
	Items  []map[string]bulkItem
}

type bulkItem struct {
	Status int
	Error  bulkError
}

type bulkError struct{ Type, Reason string }

// closed reports whether a day takes no lines any more, since it was closed or made to be read only: for good, as far as
// these lines are concerned. A server whose disk is full has blocks of another number.
func (e bulkError) closed() bool {
	readOnly := strings.Contains(e.Reason, "FORBIDDEN/8/") || strings.Contains(e.Reason, "FORBIDDEN/4/") || strings.Contains(e.Reason, "FORBIDDEN/5/")
	return e.Type == "index_closed_exception" || e.Type == "cluster_block_exception" && readOnly && strings.Contains(e.Reason, "index [")
}

// judge tells lines that were refused from a server that could not take them. Those that were there already are taken.
func (a bulkAnswer) judge(lines []core.LogRecord) error {
	var refused core.LogRefusal
	for n, item := range a.Items {
		for _, i := range item {
			if i.Status < 300 || i.Status == http.StatusConflict {
				continue
			}
			err := errors.New(i.Error.Type + ": " + i.Error.Reason)
			switch {
			case strings.Contains(i.Error.Type, "parsing_exception"), i.Error.closed():
				refused.Lines, refused.Why = append(refused.Lines, lines[n]), err
			case i.Error.Type == "cluster_block_exception":
				return server.Full(err)
			default:
				return server.Away(err)
			}
		}
	}
	if len(refused.Lines) > 0 {
		return &refused
	}
	return nil
}

func idOf(l core.LogRecord) string { return l.TenantID + "/" + l.AppID + "/" + l.Position().String() }
