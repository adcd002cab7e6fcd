package logs

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/valyala/fastjson"

	"berth/core"
)

// levels are the words by which programs name a level, in lower case.
var levels = map[string]core.LogLevel{
	"emerg": core.LogError, "emergency": core.LogError, "alert": core.LogError, "crit": core.LogError, "critical": core.LogError,
	"fatal": core.LogError, "panic": core.LogError, "severe": core.LogError, "error": core.LogError, "err": core.LogError,
	"warning": core.LogWarn, "warn": core.LogWarn,
	"notice": core.LogInfo, "info": core.LogInfo, "information": core.LogInfo,
	"debug": core.LogDebug, "trace": core.LogDebug, "verbose": core.LogDebug,
}

// levelReach is how far from its beginning a line of text is looked at, and levelWords how many words there may be one.
const (
	levelReach = 100
	levelWords = 4
)

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// levelOf returns the level that a line says it has.
func levelOf(line string) core.LogLevel {
	if strings.HasPrefix(line, "{") {
		return levelOfJSON(line)
	}
	head := line[:min(len(line), levelReach)]
	if strings.Contains(head, "\x1b") {
		head = colours.ReplaceAllString(head, "")
	}
	for i, words := 0, 0; i < len(head) && words < levelWords; {
		word, end := levelWord(head, i)
		if end == 0 {
			i++
			continue
		}
		if level, ok := levelNamed(word); ok {
			return level
		}
		i, words = end, words+1
	}
	return ""
}

// levelWord returns what stands at a place where lines of text have a level, and where that ends: level=info, [info], a
// word of capitals, or at the beginning one before a colon. Every line passes here, so it is no regular expression; the
// test has that.
func levelWord(text string, at int) (word string, end int) {
	if text[at] == '[' {
		if word = letters(text[at+1:]); word != "" && strings.HasPrefix(text[at+1+len(word):], "]") {
			return word, at + len(word) + 2
		}
		return "", 0
	}
	if !isLetter(text[at]) || at > 0 && isWord(text[at-1]) {
		return "", 0
	}
	word = letters(text[at:])
	end = at + len(word)
	rest := text[end:]
	if (word == "level" || word == "lvl" || word == "severity") && strings.HasPrefix(rest, "=") {
		value := strings.TrimPrefix(rest, "=")
		if value != "" && (value[0] == '"' || value[0] == '\'') {
			value = value[1:]
		}
		if named := letters(value); named != "" {
			return named, len(text) - len(value) + len(named)
		}
	}
	if len(word) >= 3 && len(word) <= 9 && !strings.ContainsFunc(word, unicode.IsLower) && (rest == "" || !isWord(rest[0])) {
		return word, end
	}
	if at == 0 && strings.HasPrefix(rest, ":") {
		return word, end + 1
	}
	return "", 0
}

func letters(text string) string {
	n := 0
	for n < len(text) && isLetter(text[n]) {
		n++
	}
	return text[:n]
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isWord(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' || c == '_' }

// levelNamed returns the level that a word in any case stands for.
func levelNamed(word string) (core.LogLevel, bool) {
	var lower [16]byte
	if len(word) > len(lower) {
		return "", false
	}
	for i := range len(word) {
		lower[i] = word[i]
		if isLetter(word[i]) {
			lower[i] |= 0x20
		}
	}
	level, ok := levels[string(lower[:len(word)])]
	return level, ok
}

// levelKeys are the fields in which programs that write JSON put the level.
var levelKeys = []string{"level", "severity", "lvl", "log.level", "levelname"}

var parsers fastjson.ParserPool

func levelOfJSON(line string) core.LogLevel {
	if !strings.Contains(line, "lev") && !strings.Contains(line, "lvl") && !strings.Contains(line, "severity") {
		return ""
	}
	p := parsers.Get()
	defer parsers.Put(p)
	fields, err := p.Parse(line)
	if err != nil {
		return ""
	}
	for _, key := range levelKeys {
		value := fields.Get(key)
		if value == nil {
			continue
		}
		if word, err := value.StringBytes(); err == nil {
			if level, ok := levelNamed(string(word)); ok {
				return level
			}
		} else if number, err := value.Int(); err == nil && number > 0 { // of pino and bunyan
			return levelOfNumber(number)
		}
	}
	return ""
}

func levelOfNumber(n int) core.LogLevel {
	switch {
	case n >= 50:
		return core.LogError
	case n >= 40:
		return core.LogWarn
	case n >= 30:
		return core.LogInfo
	}
	return core.LogDebug
}
