package docker

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"berth/core"
)

// lineCutter makes lines of the pieces of one stream: it joins what the engine has cut, and cuts what is longer than
// core.MaxLogLine, never inside a character. A piece is given out as soon as it is full: the rest of the line may be
// long in coming.
type lineCutter struct {
	held []byte // begun, without its end
	cut  bool   // a piece of this line was given out before
}

// add takes the next piece, whose line has ended when it ends in "\n", and calls f for each line or part of one that
// is complete.
func (c *lineCutter) add(piece []byte, f func(line string, part bool) error) error {
	c.held = append(c.held, piece...)
	body, ended := bytes.CutSuffix(c.held, []byte("\n"))
	if ended {
		defer c.reset()
		return c.give(bytes.TrimSuffix(body, []byte("\r")), f)
	}
	for len(c.held) >= core.MaxLogLine {
		n := boundary(c.held, core.MaxLogLine)
		if err := c.give(c.held[:n], f); err != nil {
			return err
		}
		c.held = append(c.held[:0], c.held[n:]...)
	}
	return nil
}

// end gives out what was begun when the log ends.
func (c *lineCutter) end(f func(line string, part bool) error) error {
	if len(c.held) == 0 {
		return nil
	}
	return c.add([]byte("\n"), f)
}

func (c *lineCutter) reset() { c.held, c.cut = c.held[:0], false }

// give calls f for text, replacing what is not UTF-8; that may lengthen it past the limit. part says that what f is
// given goes on with the line of the call before.
func (c *lineCutter) give(text []byte, f func(line string, part bool) error) error {
	line := strings.ToValidUTF8(string(text), "\uFFFD")
	if line == "" && c.cut {
		return nil
	}
	for len(line) > core.MaxLogLine {
		n := boundary([]byte(line), core.MaxLogLine)
		if err := f(line[:n], c.cut); err != nil {
			return err
		}
		line, c.cut = line[n:], true
	}
	err := f(line, c.cut)
	c.cut = true
	return err
}

// boundary returns the largest length up to limit at which text can be cut without splitting a character.
func boundary(text []byte, limit int) int {
	for n := limit; n > limit-utf8.UTFMax; n-- {
		if n == len(text) {
			if r, size := utf8.DecodeLastRune(text); r != utf8.RuneError || size > 1 {
				return n
			}
		} else if utf8.RuneStart(text[n]) {
			return n
		}
	}
	return limit
}
