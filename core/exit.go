package core

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Exit is how the program of an instance ended the last time, beside Instance.ExitCode and Instance.OOM.
type Exit struct {
	At    time.Time `json:"at,omitzero"`
	Why   Text      `json:"why,omitzero"`
	Said  Text      `json:"said,omitzero"`   // what was wrong with its last answer, when it was stopped for that
	Lines []string  `json:"lines,omitempty"` // the last that it wrote, oldest first; see LastLines
}

// IsZero reports whether it never ended.
func (e Exit) IsZero() bool { return e.At.IsZero() }

// What is kept of the last lines of a program.
const (
	MaxLastLines = 20
	maxLastLine  = 400 // bytes
)

// LastLines returns what is kept of lines: the last ones, inert and bounded. Colours, what moves a terminal's cursor
// and what turns the direction of writing is left out.
func LastLines(lines []LogLine) []string {
	lines = lines[max(0, len(lines)-MaxLastLines):]
	kept := make([]string, len(lines))
	for i, l := range lines {
		kept[i] = inertLine(l.Line)
	}
	return kept
}

func inertLine(s string) string {
	s = InertText(s[:min(len(s), 4*maxLastLine)])
	if len(s) <= maxLastLine {
		return s
	}
	end := maxLastLine
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// InertText returns s without terminal sequences, control characters but tabs, and what turns the direction of writing;
// what is not UTF-8 becomes U+FFFD.
func InertText(s string) string {
	var out strings.Builder
	for s != "" {
		if s[0] == '\x1b' {
			s = s[escapeLength(s):]
			continue
		}
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		if r == '\t' || !unicode.IsControl(r) && !turnsWriting(r) {
			out.WriteRune(r)
		}
	}
	return out.String()
}

// turnsWriting names the marks that embed, override and isolate a direction.
func turnsWriting(r rune) bool {
	return r == 0x061c || r >= 0x200e && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// escapeLength returns how long the sequence is that s begins with: CSI and OSC to their end, others two bytes.
func escapeLength(s string) int {
	if len(s) < 2 {
		return len(s)
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= '@' && s[i] <= '~' {
				return i + 1
			}
		}
		return len(s)
	case ']', 'P', '^', '_':
		for i := 2; i < len(s); i++ {
			if s[i] == '\a' {
				return i + 1
			}
			if s[i] == '\x1b' && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
		}
		return len(s)
	}
	_, n := utf8.DecodeRuneInString(s[1:])
	return 1 + n
}

var signalNames = map[int]string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS",
	8: "SIGFPE", 9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
	16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT", 19: "SIGSTOP", 20: "SIGTSTP", 21: "SIGTTIN", 22: "SIGTTOU", 23: "SIGURG",
	24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH", 29: "SIGIO", 30: "SIGPWR", 31: "SIGSYS"}

// ExitSignal returns the name of the signal that an exit code stands for, "" for a code that the program chose: as
// Linux has them on every machine that Berth runs on.
func ExitSignal(code int) string { return signalNames[code-128] }
