package lokitest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// LogQL is as much of the language as the store writes: a selector, line filters, fields of JSON and what they are.
type LogQL struct {
	Labels map[string]string
	Stages []func(line string, fields map[string]string) (string, bool)
}

// run returns what a line of a stream becomes, and whether it is found.
func (q LogQL) run(labels map[string]string, line string) (string, bool) {
	for name, value := range q.Labels {
		if labels[name] != value {
			return "", false
		}
	}
	fields := map[string]string{}
	for _, stage := range q.Stages {
		var ok bool
		if line, ok = stage(line, fields); !ok {
			return "", false
		}
	}
	return line, true
}

// logQLParser reads from the front of rest.
type logQLParser struct {
	rest string
	err  error
}

// ParseLogQL reads a query.
func ParseLogQL(text string) (LogQL, error) {
	p := &logQLParser{rest: text}
	q := LogQL{Labels: map[string]string{}}
	p.want("{")
	for more := true; more && p.err == nil; more = p.found(",") {
		name := p.word()
		p.want("=")
		q.Labels[name] = p.text()
	}
	p.want("}")
	for p.err == nil && strings.TrimSpace(p.rest) != "" {
		q.Stages = append(q.Stages, p.stage())
	}
	return q, p.err
}

func (p *logQLParser) stage() func(string, map[string]string) (string, bool) {
	switch {
	case p.found("|~"):
		re := p.pattern()
		return func(line string, _ map[string]string) (string, bool) { return line, re.MatchString(line) }
	case p.found("!~"):
		re := p.pattern()
		return func(line string, _ map[string]string) (string, bool) { return line, !re.MatchString(line) }
	case p.found("|="):
		text := p.text()
		return func(line string, _ map[string]string) (string, bool) { return line, strings.Contains(line, text) }
	}
	p.want("|")
	switch name := p.word(); name {
	case "line_format":
		text := p.text()
		return func(string, map[string]string) (string, bool) { return text, true }
	case "json":
		return p.json()
	default:
		return p.label(name)
	}
}

// json takes fields out of a line that is JSON.
func (p *logQLParser) json() func(string, map[string]string) (string, bool) {
	paths := map[string][]string{}
	for more := true; more && p.err == nil; more = p.found(",") {
		name := p.word()
		p.want("=")
		path := strings.TrimSuffix(strings.TrimPrefix(p.text(), `["`), `"]`)
		paths[name] = strings.Split(path, `"]["`)
	}
	return func(line string, fields map[string]string) (string, bool) {
		for name, path := range paths {
			at := json.RawMessage(line)
			for _, key := range path {
				var object map[string]json.RawMessage
				if json.Unmarshal(at, &object) != nil {
					at = nil
					break
				}
				at = object[key]
			}
			fields[name] = string(at)
			if text := ""; json.Unmarshal(at, &text) == nil {
				fields[name] = text
			}
		}
		return line, true
	}
}

// label compares what was taken out.
func (p *logQLParser) label(name string) func(string, map[string]string) (string, bool) {
	want := map[string]string{}
	for {
		p.want("=")
		want[name] = p.text()
		if !p.found("or ") {
			break
		}
		name = p.word()
	}
	return func(line string, fields map[string]string) (string, bool) {
		for name, value := range want {
			if fields[name] == value {
				return line, true
			}
		}
		return line, false
	}
}

func (p *logQLParser) found(sign string) bool {
	rest, ok := strings.CutPrefix(strings.TrimLeft(p.rest, " "), sign)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *logQLParser) want(sign string) {
	if !p.found(sign) {
		p.fail("no " + sign)
	}
}

var logQLWord = regexp.MustCompile(`^ *([a-z_][a-z0-9_]*)`)

func (p *logQLParser) word() string {
	found := logQLWord.FindStringSubmatch(p.rest)
	if found == nil {
		p.fail("no name")
		return ""
	}
	p.rest = p.rest[len(found[0]):]
	return found[1]
}

func (p *logQLParser) text() string {
	p.rest = strings.TrimLeft(p.rest, " ")
	quoted, err := strconv.QuotedPrefix(p.rest)
	if err != nil || quoted[0] == '\'' {
		p.fail("no string")
		return ""
	}
	p.rest = p.rest[len(quoted):]
	text, _ := strconv.Unquote(quoted)
	return text
}

func (p *logQLParser) pattern() *regexp.Regexp {
	re, err := regexp.Compile(p.text())
	if err != nil {
		p.fail(err.Error())
		return regexp.MustCompile("")
	}
	return re
}

func (p *logQLParser) fail(why string) {
	if p.err == nil {
		p.err = fmt.Errorf("parse error: %s at %q", why, p.rest)
	}
	p.rest = ""
}
