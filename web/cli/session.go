package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"berth/web/client"
)

// session is one run of the client.
type session struct {
	globals
	ctx     context.Context
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	environ map[string]string
	version string
	others  []Command
	asked   *client.Client
}

func newSession(ctx context.Context, p Program) *session {
	env := map[string]string{}
	for _, e := range p.Environ {
		name, value, _ := strings.Cut(e, "=")
		env[name] = value
	}
	return &session{ctx: ctx, stdin: p.Stdin, stdout: p.Stdout, stderr: p.Stderr, environ: env, version: p.Version, others: p.Others}
}

// client returns the client of the server that is meant.
func (s *session) client() (*client.Client, error) {
	if s.asked != nil {
		return s.asked, nil
	}
	t, err := s.target()
	if err != nil {
		return nil, err
	}
	s.asked, err = client.New(t.URL, t.Token, "berth/"+s.version)
	return s.asked, err
}

// answer prints an answer of the API: as it came for programs, else as text writes it.
func (s *session) answer(data json.RawMessage, text func() error) error {
	if s.JSON {
		return s.line(data)
	}
	return text()
}

func (s *session) line(data json.RawMessage) error {
	_, err := fmt.Fprintf(s.stdout, "%s\n", data)
	return err
}

// say writes a line of text to people. What the server or an app wrote must be inert already.
func (s *session) say(format string, args ...any) error {
	_, err := fmt.Fprintf(s.stdout, format+"\n", args...)
	return err
}

// note writes what is beside the answer.
func (s *session) note(format string, args ...any) {
	fmt.Fprintf(s.stderr, format+"\n", args...)
}

// isTerminal reports whether a stream is a person's screen or keyboard.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// colours reports whether a stream takes colours.
func (s *session) colours(stream io.Writer) bool {
	return isTerminal(stream) && s.environ["NO_COLOR"] == "" && s.environ["TERM"] != "dumb"
}

// width returns how many characters a line of the screen has.
func width(stream any) int {
	if f, ok := stream.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}

// fit cuts a line that is to be written over, which has to stay on one line of the screen.
func fit(line string, columns int) string {
	if runes := []rune(line); len(runes) >= columns {
		return string(runes[:columns-1])
	}
	return line
}

// inert makes text that others wrote harmless, and keeps its lines.
func (s *session) inert(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = inert(lines[i], false)
	}
	return strings.Join(lines, "\n")
}

// prompt asks a person for a line on the screen. Errors: a usage error when nobody is there.
func (s *session) prompt(question, otherwise string) (string, error) {
	if !isTerminal(s.stdin) {
		return "", usage("%s", otherwise)
	}
	fmt.Fprint(s.stderr, question)
	return readLine(s.stdin)
}

// secret asks for something that is not shown while it is typed.
func (s *session) secret(question, otherwise string) (string, error) {
	f, ok := s.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", usage("%s", otherwise)
	}
	before, err := term.MakeRaw(int(f.Fd())) // before the question: what is typed at once is not shown either
	if err != nil {
		return "", err
	}
	defer term.Restore(int(f.Fd()), before)
	screen := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{f, s.stderr}, "")
	line, err := screen.ReadPassword(question)
	if errors.Is(err, io.EOF) { // Ctrl-C or Ctrl-D
		return "", context.Canceled
	}
	return strings.TrimSpace(line), err
}

// readLine reads up to a line break, byte by byte: what comes behind it belongs to somebody else.
func readLine(r io.Reader) (string, error) {
	var line []byte
	for b := make([]byte, 1); len(line) < 1<<20; {
		n, err := r.Read(b)
		if n == 1 && b[0] == '\n' {
			break
		}
		line = append(line, b[:n]...)
		if err == io.EOF && len(line) > 0 {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return strings.TrimSuffix(string(line), "\r"), nil
}
