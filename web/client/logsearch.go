package client

import (
	"context"
	"net/url"
	"time"

	"berth/core"
)

// LogSearch says which kept lines are looked for. What is empty narrows nothing.
type LogSearch struct {
	Words    string // "several together" and -without work
	Level    string
	Instance string
	From     time.Time
	Most     int // the newest so many
}

// SearchLogs returns lines of an app that are kept, those of instances that are gone too, the newest first.
func (c *Client) SearchLogs(ctx context.Context, app string, s LogSearch) (Answer[List[core.LogLine]], error) {
	query := url.Values{}
	for name, value := range map[string]string{"q": s.Words, "level": s.Level, "instance": s.Instance} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if !s.From.IsZero() {
		query.Set("from", s.From.UTC().Format(time.RFC3339Nano))
	}
	return all[core.LogLine](ctx, c, appPath(app, "/logs"), query, s.Most)
}
