package cli

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// colour is the one control sequence that a terminal may see of what others wrote.
var colour = regexp.MustCompile(`^\x1b\[[0-9;:]{0,32}m`)

const resetColours = "\x1b[0m"

// inert writes a line so that it does nothing to a terminal: control characters and those that turn the direction of
// text are shown, not obeyed. Colours are kept or left out.
func inert(line string, colours bool) string {
	if plain(line) {
		return line
	}
	var b strings.Builder
	coloured := false
	for len(line) > 0 {
		if sequence := colour.FindString(line); sequence != "" {
			if colours {
				b.WriteString(sequence)
				coloured = true
			}
			line = line[len(sequence):]
			continue
		}
		r, n := utf8.DecodeRuneInString(line)
		b.WriteString(visible(r))
		line = line[n:]
	}
	if coloured {
		b.WriteString(resetColours)
	}
	return b.String()
}

func plain(line string) bool {
	for i := range len(line) {
		if c := line[i]; c < 0x20 && c != '\t' || c > 0x7e {
			return false
		}
	}
	return true
}

func visible(r rune) string {
	switch {
	case r == '\t':
		return "\t"
	case r < 0x20:
		return "^" + string('@'+r)
	case r == 0x7f:
		return "^?"
	case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x2028 || r == 0x2029 || r == 0xfeff:
		return fmt.Sprintf("<U+%04X>", r)
	}
	return string(r) // U+FFFD for what is no UTF-8
}
