package access

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// maxOpen is how many files are kept open for writing: to open one takes longer than to write to it.
const maxOpen = 1024

// files writes the files of all apps: 0.log is the one that grows, those with higher numbers are older.
type files struct {
	mu         sync.Mutex
	open       map[string]*openFile
	complained time.Time
}

// openFile is the file of an app that grows.
type openFile struct {
	*os.File
	size int64
}

func fileName(n int) string { return strconv.Itoa(n) + ".log" }

func countLines(lines []byte) int { return bytes.Count(lines, []byte("\n")) }

// append adds lines to an app's newest file, and begins another when it is full.
func (f *files) append(l *Log, appID string, lines []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.file(l, appID)
	if err != nil {
		return err
	}
	if file.size > 0 && file.size+int64(len(lines)) > l.Size {
		f.shut(appID)
		if err := rotate(filepath.Join(l.Dir, appID), l.Files); err != nil {
			return err
		}
		if file, err = f.file(l, appID); err != nil {
			return err
		}
	}
	n, err := file.Write(lines)
	file.size += int64(n)
	if err != nil && n > 0 {
		file.Write([]byte("\n")) // so that the next line is whole; half of one is no line
	}
	if err != nil {
		f.shut(appID)
	}
	return err
}

func (f *files) file(l *Log, appID string) (*openFile, error) {
	if file := f.open[appID]; file != nil {
		return file, nil
	}
	dir := filepath.Join(l.Dir, appID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, fileName(0)), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		file.Close()
		return nil, err
	}
	for other := range f.open {
		if len(f.open) < maxOpen {
			break
		}
		f.shut(other)
	}
	f.open[appID] = &openFile{file, size}
	return f.open[appID], nil
}

// rotate makes every file one older, and the oldest go.
func rotate(dir string, files int) error {
	for n := files - 1; n > 0; n-- {
		err := os.Rename(filepath.Join(dir, fileName(n-1)), filepath.Join(dir, fileName(n)))
		if err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	if files == 1 {
		return os.Remove(filepath.Join(dir, fileName(0)))
	}
	return nil
}

func (f *files) shut(appID string) {
	if file := f.open[appID]; file != nil {
		file.Close()
		delete(f.open, appID)
	}
}

// remove removes a file or the directory of an app.
func (f *files) remove(appID, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shut(appID)
	return os.RemoveAll(path)
}

func (f *files) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for appID := range f.open {
		f.shut(appID)
	}
}

// complain says once a minute that lines cannot be written.
func (f *files) complain(log *slog.Logger, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.complained) > time.Minute {
		f.complained = time.Now()
		log.Warn("the access log cannot be written; requests go on", "error", err)
	}
}
