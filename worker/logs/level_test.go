package logs

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"berth/core"
)

var levelPlace = regexp.MustCompile(`\b(?:level|lvl|severity)=["']?([A-Za-z]+)|\[([A-Za-z]+)\]|\b([A-Z]{3,9})\b|^([A-Za-z]+):`)

// A line of text has the level that the regular expression of its places finds.
func TestLevelOfText(t *testing.T) {
	parts := []string{"level", "lvl", "severity", "levels", "=", "\"", "'", "[", "]", ":", " ", "_", "-", "9", "info", "INFO", "WARN", "Error", "GET",
		"debug", "CRITICAL", "INFORMATION", "x", "X", "é", "泊", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		line := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 30).Draw(t, "line"), "")
		var want core.LogLevel
		for _, found := range levelPlace.FindAllStringSubmatch(line[:min(len(line), levelReach)], levelWords) {
			for _, word := range found[1:] {
				if level, ok := levels[strings.ToLower(word)]; ok && want == "" {
					want = level
				}
			}
		}
		if got := levelOf(line); got != want {
			t.Fatalf("%q: %q, want %q", line, got, want)
		}
	})
}

// A line of JSON has the level that its first field of such a name has.
func TestLevelOfJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fields := map[string]any{"msg": rapid.String().Draw(t, "msg")}
		for _, key := range levelKeys {
			if rapid.Bool().Draw(t, key) {
				fields[key] = rapid.SampledFrom([]any{"info", "Warning", "strange", "", 30, 50, 0, 2.5, true, nil, []int{1}, map[string]any{"level": "error"}}).Draw(t, key+" is")
			}
		}
		var want core.LogLevel
		for _, key := range levelKeys {
			switch v := fields[key].(type) {
			case string:
				want = levels[strings.ToLower(v)]
			case int:
				if v > 0 {
					want = levelOfNumber(v)
				}
			}
			if want != "" {
				break
			}
		}
		line, _ := json.Marshal(fields)
		if got := levelOf(string(line)); got != want {
			t.Fatalf("%s: %q, want %q", line, got, want)
		}
		if got := levelOf(string(line[:len(line)-1])); got != "" {
			t.Fatalf("half of it: %q", got)
		}
	})
}

func BenchmarkLevelOf(b *testing.B) {
	for name, line := range map[string]string{
		"text": "2026-01-31 09:30:15 INFO request 0a1b2c3d from 10.1.2.3: GET /cart in 15ms",
		"json": `{"level":"info","msg":"request done","request":"0a1b2c3d","method":"GET","path":"/cart","status":200,"ms":15,"user":7}`,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				levelOf(line)
			}
		})
	}
}
