package drain

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"berth/core"
)

// document is a line as Elasticsearch has it.
type document struct {
	Time     string        `json:"@timestamp"` // to the nanosecond
	Message  string        `json:"message"`
	Tenant   string        `json:"tenant"`
	App      string        `json:"app"`
	Instance string        `json:"instance"`
	Version  string        `json:"version"`
	Stream   string        `json:"stream"`
	Level    core.LogLevel `json:"level,omitempty"`
	Part     bool          `json:"part,omitempty"`
}

// bulk writes lines for the bulk API. Their ids keep a line that is sent again from being there twice.
func bulk(lines []core.LogRecord) []byte {
	var b bytes.Buffer
	to := encoder(&b)
	for _, l := range lines {
		_ = to.Encode(map[string]any{"create": map[string]string{"_id": l.Position().String()}})
		_ = to.Encode(document{l.Time.UTC().Format(time.RFC3339Nano), l.Line, l.TenantID, l.AppID, l.Instance, l.Version, l.Stream, l.Level, l.Part})
	}
	return b.Bytes()
}

// readBulk looks for lines that were not taken; those that are there already were.
func readBulk(answer []byte) error {
	var got struct {
		Errors bool
		Items  []map[string]struct{ Status int }
	}
	if err := json.Unmarshal(answer, &got); err != nil {
		return core.Wrap(err, core.EUNREACHABLE, "drain.odd")
	}
	if !got.Errors {
		return nil
	}
	var refused error
	for _, item := range got.Items {
		for _, act := range item {
			if act.Status < 300 || act.Status == http.StatusConflict {
				continue
			}
			err := judge(act.Status)
			if _, ok := err.(*refusal); !ok {
				return err // to be offered again, all of them
			}
			refused = err
		}
	}
	return refused
}
