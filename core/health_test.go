package core

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestHealthCheckFaults(t *testing.T) {
	for _, c := range []struct {
		check HealthCheck
		want  string // fields that are wrong
	}{
		{HealthCheck{}, ""},
		{HealthCheck{Path: "/up"}, ""},
		{HealthCheck{Kind: ProbeHTTP, Path: "/up?x=1", Status: "200-204,301", Text: "ok ✓"}, ""},
		{HealthCheck{Kind: ProbeGRPC, Service: "shop.v1.Cart", Policy: PolicyTell, Alive: Probe{Kind: ProbeTCP}}, ""},
		{HealthCheck{Kind: ProbeImage, Policy: PolicyReplace, Alive: Probe{Path: "/alive"}}, ""},
		{HealthCheck{Kind: "ping"}, "kind"},
		{HealthCheck{Kind: ProbeHTTP}, "path"},
		{HealthCheck{Path: "//evil"}, "path"},
		{HealthCheck{Path: "http://evil/"}, "path"},
		{HealthCheck{Path: "/a\r\nb"}, "path"},
		{HealthCheck{Path: "/", Status: "200-"}, "status"},
		{HealthCheck{Path: "/", Status: "299-200"}, "status"},
		{HealthCheck{Path: "/", Status: "99"}, "status"},
		{HealthCheck{Path: "/", Status: "600"}, "status"},
		{HealthCheck{Path: "/", Status: "+200"}, "status"},
		{HealthCheck{Path: "/", Status: strings.Repeat("200,", 10) + "200"}, "status"},
		{HealthCheck{Path: "/", Text: "a\x00b"}, "text"},
		{HealthCheck{Path: "/", Text: "\xff"}, "text"},
		{HealthCheck{Path: "/", Text: strings.Repeat("x", 1025)}, "text"},
		{HealthCheck{Kind: ProbeTCP, Status: "200", Text: "x", Service: "y"}, "service status text"},
		{HealthCheck{Kind: ProbeGRPC, Service: "a b\n"}, "service"},
		{HealthCheck{Interval: -1, Timeout: Duration(time.Minute), Grace: Duration(2 * time.Hour), Failures: -1, Successes: 101}, "failures grace interval successes timeout"},
		{HealthCheck{Policy: "pray"}, "policy"},
		{HealthCheck{Alive: Probe{Kind: ProbeAuto}}, "alive.kind"},
		{HealthCheck{Alive: Probe{Kind: ProbeHTTP, Path: "x"}}, "alive.path"},
	} {
		var fields []string
		if e, ok := errors.AsType[*Error](c.check.Validate()); ok {
			for _, f := range e.Fields {
				fields = append(fields, f.Field)
			}
		}
		slices.Sort(fields)
		if got := strings.Join(fields, " "); got != c.want {
			t.Errorf("%+v: wrong at %q, want %q", c.check, got, c.want)
		}
	}
}

// What was written before there were more kinds is read as it was meant, and makes no instance anew.
func TestOlderHealthChecksAreRead(t *testing.T) {
	var h HealthCheck
	if err := json.Unmarshal([]byte(`{"kind":"http","path":"/up","interval":"5s","timeout":"2s","grace":"1m0s","failures":3}`), &h); err != nil {
		t.Fatal(err)
	}
	if h.Ready() != (Probe{Kind: ProbeHTTP, Path: "/up"}) || h.WithDefaults().Policy != PolicyRestart || h.Validate() != nil {
		t.Errorf("%+v", h)
	}
	if data, err := json.Marshal(HealthCheck{}); err != nil || string(data) != "{}" {
		t.Errorf("%s %v: templates of instances that run would differ", data, err)
	}
}

func TestOnlyTheImagesOwnCheckIsPartOfTheTemplate(t *testing.T) {
	target := Target{VersionID: "v1"}
	template := func(h HealthCheck) string { return ReleaseSpec{Health: h}.Template(target, 0) }
	plain, own := template(HealthCheck{}), template(HealthCheck{Kind: ProbeImage})
	for _, h := range []HealthCheck{{Path: "/up"}, {Kind: ProbeGRPC, Policy: PolicyStop}, {Interval: Duration(time.Minute), Alive: Probe{Kind: ProbeTCP}}} {
		if template(h) != plain {
			t.Errorf("%+v has instances made anew", h)
		}
	}
	for _, h := range []HealthCheck{{Kind: ProbeImage, Policy: PolicyTell}, {Alive: Probe{Kind: ProbeImage}, Grace: Duration(time.Minute)}} {
		if template(h) != own {
			t.Errorf("%+v has instances made anew, but for what the engine is told", h)
		}
	}
	if own == plain || template(HealthCheck{Kind: ProbeImage, Interval: Duration(time.Minute)}) == own {
		t.Error("the engine is not told of another check")
	}
}

func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		status string
		takes  []int
		not    []int
	}{
		{"", []int{200, 204, 302, 399}, []int{199, 400, 503}},
		{"200", []int{200}, []int{201, 302}},
		{"200-299, 401", []int{200, 299, 401}, []int{300, 400, 402}},
	} {
		for _, s := range c.takes {
			if !(Probe{Status: c.status}).Takes(s) {
				t.Errorf("%q refuses %d", c.status, s)
			}
		}
		for _, s := range c.not {
			if (Probe{Status: c.status}).Takes(s) {
				t.Errorf("%q takes %d", c.status, s)
			}
		}
	}
}

func TestLastLinesAreInertAndBounded(t *testing.T) {
	var lines []LogLine
	for range 30 {
		lines = append(lines, LogLine{Line: "old"})
	}
	lines = append(lines, LogLine{Line: "\x1b[31mred\x1b[0m \x1b]52;c;aGk=\a\x1b[2Jgone"}, LogLine{Line: "a\u202egnp.exe\x00\r\tb"},
		LogLine{Line: "<script>\xff"}, LogLine{Line: strings.Repeat("界", 20000)}, LogLine{Line: "\x1b]52;never ends"})
	kept := LastLines(lines)
	if len(kept) != MaxLastLines {
		t.Fatalf("%d lines", len(kept))
	}
	for i, want := range map[int]string{14: "old", 15: "red gone", 16: "agnp.exe\tb", 17: "<script>\ufffd", 19: ""} {
		if kept[i] != want {
			t.Errorf("line %d is %q, want %q", i, kept[i], want)
		}
	}
	if long := kept[18]; len(long) > 410 || !utf8.ValidString(long) || !strings.HasSuffix(long, "界…") {
		t.Errorf("a long line: %d bytes, %q", len(long), long)
	}
}

func FuzzInertText(f *testing.F) {
	for _, s := range []string{"\x1b", "\x1b[", "\x1b]0;x\x1b\\y", "\u202e", "\xe4\xb8", "\x1bPq\x1b\\"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if out := InertText(s); !utf8.ValidString(out) || strings.ContainsAny(out, "\x1b\x00\r\n\u202e") {
			t.Errorf("%q", out)
		}
	})
}

func TestSignalsHaveNames(t *testing.T) {
	for code, want := range map[int]string{137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM", 128: "", 1: "", 255: ""} {
		if got := ExitSignal(code); got != want {
			t.Errorf("code %d is %q, want %q", code, got, want)
		}
	}
}
