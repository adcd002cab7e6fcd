package e2e

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// BenchmarkLogLine measures how long a line takes from the container to the socket that a browser reads. A line
// carries the time at which the program was asked for it, so the way of that request is counted too.
func BenchmarkLogLine(b *testing.B) {
	const lines = 200
	berth, app := online(b, testenv.ImageOptions{}, nil)
	conn := berth.logs(app, "?tail=1")
	until(b, conn, "GET /")
	for range b.N {
		go func() {
			for n := range lines {
				line := fmt.Sprintf("bench %d asked at %d", n, time.Now().UnixNano())
				berth.get(app, "/log?line="+url.QueryEscape(line))
				time.Sleep(20 * time.Millisecond)
			}
		}()
		var times []float64
		for len(times) < lines {
			read := until(b, conn, "asked at ")
			var n, asked int64
			text := read[len(read)-1].Line
			if _, err := fmt.Sscanf(text[strings.Index(text, "bench "):], "bench %d asked at %d", &n, &asked); err != nil {
				continue // the program's own line about the request
			}
			times = append(times, milliseconds(time.Since(time.Unix(0, asked))))
		}
		reportLatency(b, times)
	}
}
