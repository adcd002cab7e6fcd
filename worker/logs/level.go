package logs

import (
	"encoding/json"
	"regexp"
	"strings"

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

var (
	// levelWord finds a level where lines of text have it: near the beginning, in brackets, before a colon, in capitals,
	// or as level=info.
	levelWord = regexp.MustCompile(`\b(?:level|lvl|severity)=["']?([A-Za-z]+)|\[([A-Za-z]+)\]|\b([A-Z]{3,9})\b|^([A-Za-z]+):`)
	colours   = regexp.MustCompile("\x1b\\[[0-9;]*m")
)

// levelReach is how far from its beginning a line of text is looked at.
const levelReach = 100

// levelOf returns the level that a line says it has.
func levelOf(line string) core.LogLevel {
	if strings.HasPrefix(line, "{") {
		return levelOfJSON(line)
	}
	head := line[:min(len(line), levelReach)]
	if strings.Contains(head, "\x1b") {
		head = colours.ReplaceAllString(head, "")
	}
	for _, found := range levelWord.FindAllStringSubmatch(head, 4) {
		for _, word := range found[1:] {
			if level, ok := levels[strings.ToLower(word)]; ok {
				return level
			}
		}
	}
	return ""
}

// levelKeys are the fields in which programs that write JSON put the level.
var levelKeys = []string{"level", "severity", "lvl", "log.level", "levelname"}

func levelOfJSON(line string) core.LogLevel {
	if !strings.Contains(line, "lev") && !strings.Contains(line, "lvl") && !strings.Contains(line, "severity") {
		return ""
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal([]byte(line), &fields) != nil {
		return ""
	}
	for _, key := range levelKeys {
		var word string
		if json.Unmarshal(fields[key], &word) == nil {
			if level, ok := levels[strings.ToLower(word)]; ok {
				return level
			}
			continue
		}
		var number int // of pino and bunyan
		if json.Unmarshal(fields[key], &number) == nil && number > 0 {
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
