package snapshot

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"berth/core"
)

// A file is a line that says what it is, a line an entry, and a line with the checksum of all before.
const (
	firstLine = "berth gateway snapshot 1\n"
	lastLine  = "sha256 "
	maxLine   = 2 << 20
)

var (
	errKind   = errors.New("an entry of an unknown kind")
	errBroken = errors.New("it is incomplete, or was changed")
)

// save writes k and puts it in the place of the file before, so that there is always a whole one.
func save(path string, k known) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f, k); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = f.Close()
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	return err
}

func write(f io.Writer, k known) error {
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 64<<10)
	w.WriteString(firstLine)
	var line []byte
	for _, kind := range []byte(kinds) {
		for _, e := range k[kind] {
			line = append(e.appendTo(append(line[:0], kind, ' ')), '\n')
			w.Write(line)
		}
	}
	if err := w.Flush(); err != nil { // an error before stays
		return err
	}
	_, err := fmt.Fprintf(f, "%s%x\n", lastLine, sum.Sum(nil))
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// load reads a file whole before anything of it counts. taken is when the registry last confirmed it.
func load(path string) (c core.RegistryChange, taken time.Time, err error) {
	f, err := os.Open(path)
	if err != nil {
		return c, taken, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return c, taken, err
	}
	c, err = parse(f)
	return c, info.ModTime(), err
}

func parse(f io.Reader) (core.RegistryChange, error) {
	c := core.RegistryChange{Reset: true, Apps: map[string][]core.Address{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, maxLine)
	sum := sha256.New()
	for first := true; lines.Scan(); first = false {
		line := lines.Bytes()
		if rest, ok := bytes.CutPrefix(line, []byte(lastLine)); ok {
			return c, checked(sum, string(rest), lines)
		}
		sum.Write(line)
		sum.Write([]byte{'\n'})
		switch {
		case first && string(line)+"\n" != firstLine:
			return c, errBroken
		case first:
		case len(line) < 2:
			return c, errBroken
		default:
			if err := add(&c, line[0], line[2:]); err != nil {
				return c, err
			}
		}
	}
	return c, errors.Join(errBroken, lines.Err())
}

func checked(sum hash.Hash, want string, lines *bufio.Scanner) error {
	if hex.EncodeToString(sum.Sum(nil)) != want || lines.Scan() {
		return errBroken
	}
	return nil
}
