package traffic

import (
	"strings"
	"testing"
	"unicode"

	"berth/core"
)

// Whatever a visitor sends as path or agent is shown as harmless text.
func TestPlain(t *testing.T) {
	for _, s := range []string{"\x1b[2J", "\x1b]52;c;aGk=\a", "a\u202egnp.exe", "\u2066x\u2069", "\xff\xfe", "\u0085\u009b31m", "a\u2028b", "\x00", strings.Repeat("\u200b", 1000)} {
		for _, r := range plain(s) {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' {
				t.Errorf("%q leaves %q", s, r)
			}
		}
	}
	if got := plain("/größe/茶?"); got != "/größe/茶?" {
		t.Errorf("%q", got)
	}
}

func TestLatencyBarsShowEveryRequest(t *testing.T) {
	var l core.Latency
	total := int64(0)
	for i := range l {
		l[i] = int64(i)
		total += int64(i)
	}
	for _, b := range latencyBars(l) {
		total -= b.Requests
	}
	if total != 0 {
		t.Errorf("%d requests are missing", total)
	}
	if last := latencyBars(l)[len(latencyBars(l))-1]; !strings.HasPrefix(last.Label, "> ") {
		t.Errorf("the last is %q", last.Label)
	}
}
