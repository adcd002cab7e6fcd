package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"berth/core"
	"berth/web/client"
)

func TestLogsOfThePast(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.logs.add("aaaaaaaaaaaa", "one", "two", "three")
	w.logs.add("bbbbbbbbbbbb", "four")
	if out := w.ok("one", "logs", "shop"); strings.Count(out, "\n") != 4 || !strings.Contains(out, "aaaaaaaa  two\n") {
		t.Errorf("%s", out)
	}
	for _, c := range []struct{ args, want string }{
		{"--tail 2", "three four"}, {"--tail 0", ""}, {"--since 2", "three four"}, {"--since 1h", "one two three four"},
		{"--since 0s", ""},
	} {
		var got []string
		for _, line := range strings.Fields(w.ok("", append([]string{"logs", "shop", "--json"}, strings.Fields(c.args)...)...)) {
			var l core.LogLine
			must(t, json.Unmarshal([]byte(line), &l))
			got = append(got, l.Line)
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("logs %s: %q, want %q", c.args, g, c.want)
		}
	}
	w.fails(4, "no instance", "logs", "shop", "--instance", "c")
	w.fails(1, "cannot go on from this line", "logs", "shop", "--since", "rubbish")
}

// However often the way to the server breaks, every line comes, once.
func TestLogsSurviveABrokenConnection(t *testing.T) {
	w := newWorld(t)
	w.shop()
	way := w.flaky()
	token := operatorToken
	w.env = []string{envURL + "=http://" + way.Addr().String(), envToken + "=" + token}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	const all = 60
	r, out := io.Pipe()
	done := make(chan int, 1)
	go func() {
		p := Program{Environ: append([]string{"HOME=" + w.home}, w.env...), Stdin: strings.NewReader(""), Stdout: out, Stderr: io.Discard}
		done <- p.Run(ctx, []string{"logs", "shop", "-f", "--json"})
		out.Close()
	}()
	w.logs.add("aaaaaaaaaaaa", "line 0")
	lines := json.NewDecoder(r)
	for n := range all {
		var l core.LogLine
		if err := lines.Decode(&l); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("line %d", n); l.Line != want {
			t.Fatalf("%q, want %q", l.Line, want)
		}
		if n%20 == 10 {
			way.cut()
		}
		if n+1 < all {
			w.logs.add("aaaaaaaaaaaa", fmt.Sprintf("line %d", n+1))
		}
	}
	stop()
	if code := <-done; code != 0 {
		t.Errorf("stopped by Ctrl-C: %d", code)
	}
}

// Bad input 36.
func TestLinesAreInertOnATerminal(t *testing.T) {
	for _, c := range []struct{ line, want, plain string }{
		{"plain <script> text", "plain <script> text", "plain <script> text"},
		{"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m\x1b[0m", "red"},
		{"\x1b[38;5;9mx", "\x1b[38;5;9mx\x1b[0m", "x"},
		{"\x1b[2Jgone", "^[[2Jgone", "^[[2Jgone"},
		{"\x1b]52;c;ZXZpbA==\x07", "^[]52;c;ZXZpbA==^G", "^[]52;c;ZXZpbA==^G"},
		{"\u202egnp.exe", "<U+202E>gnp.exe", "<U+202E>gnp.exe"},
		{"a\rb\bc\x7f\u009b2J\u2028", "a^Mb^Hc^?<U+009B>2J<U+2028>", "a^Mb^Hc^?<U+009B>2J<U+2028>"},
		{"\xff\xfe", "\ufffd\ufffd", "\ufffd\ufffd"},
		{"tab\tstays, 茶, é", "tab\tstays, 茶, é", "tab\tstays, 茶, é"},
		{"\x1b[" + strings.Repeat("1;", 100) + "mx", "^[[" + strings.Repeat("1;", 100) + "mx", "^[[" + strings.Repeat("1;", 100) + "mx"},
	} {
		if got := inert(c.line, true); got != c.want {
			t.Errorf("%q with colours: %q, want %q", c.line, got, c.want)
		}
		if got := inert(c.line, false); got != c.plain {
			t.Errorf("%q: %q, want %q", c.line, got, c.plain)
		}
	}
	var out, notes bytes.Buffer
	s := newSession(context.Background(), Program{Stdout: &out, Stderr: &notes})
	evil := core.LogLine{Instance: "a\x1b[2J", Line: "x\x1b[2J"}
	p := linePrinter{s: s, screen: true}
	must(t, p.print(answerOf(evil)))
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("%q", out.String())
	}
}

func answerOf(l core.LogLine) client.Answer[core.LogLine] {
	return client.Answer[core.LogLine]{Value: l}
}

func TestLogsAreSearched(t *testing.T) {
	w := newWorld(t)
	w.shop()
	w.kept = &kept{lines: []core.LogRecord{
		{LogLine: core.LogLine{Time: time.Now(), Instance: "aaaaaaaaaaaa", Line: "payment refused again", Level: core.LogError}},
		{LogLine: core.LogLine{Time: time.Now().Add(-time.Minute), Instance: "bbbbbbbbbbbb", Line: "payment refused", Level: core.LogError}},
	}}
	out := w.ok("", "logs", "shop", "--search", `payment "was refused" -paid`, "--level", "error", "--since", "1h", "--tail", "7")
	if first, second, _ := strings.Cut(out, "\n"); !strings.HasSuffix(first, "bbbbbbbb  payment refused") || !strings.HasSuffix(second, "again\n") {
		t.Errorf("%s", out)
	}
	s := w.kept.asked
	if strings.Join(s.Words, "|") != "payment|was refused" || strings.Join(s.Not, "|") != "paid" || s.Level != core.LogError || s.Limit != 7 ||
		s.TenantID != "northwind-tea" {
		t.Errorf("asked for %+v", s)
	}
	var list client.List[core.LogLine]
	must(t, json.Unmarshal([]byte(w.ok("", "logs", "shop", "-s", "payment", "--json")), &list))
	if len(list.Items) != 2 || list.Items[0].Line != "payment refused again" {
		t.Errorf("%+v", list)
	}
	w.kept.lines = nil
	w.ok("", "logs", "shop", "-s", "nothing")
	w.fails(2, "--follow", "logs", "shop", "-s", "x", "-f")
	w.fails(2, "--since", "logs", "shop", "-s", "x", "--since", "5")
	w.fails(2, "--tail", "logs", "shop", "-s", "x", "--tail", "0")
	w.fails(2, "", "logs", "shop", "--level", "loud")
}
