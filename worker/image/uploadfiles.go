package image

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/tus/tusd/v2/pkg/handler"

	"berth/core"
)

// An upload lies in two files: ID holds what was received, ID.info what it is to become.
const infoSuffix = ".info"

// Remove removes what was received of an upload.
func (u *Uploads) Remove(id string) error {
	if !uploadID.MatchString(id) {
		return nil
	}
	return errors.Join(removeFile(u.file(id)), removeFile(u.file(id)+infoSuffix))
}

// RemoveStale removes uploads that nobody has resumed for as long as they are kept, and those that are not recorded
// any more: Authorize finds none for the actor in ctx, who sees all.
func (u *Uploads) RemoveStale(ctx context.Context, now time.Time) error {
	ids, err := u.ids()
	for _, id := range ids {
		unknown := core.ErrorCode(u.opts.Hooks.Authorize(ctx, id, false)) == core.ENOTFOUND
		if unknown || now.Sub(u.touched(id)) >= u.opts.Keep {
			err = errors.Join(err, u.Remove(id))
		}
	}
	return err
}

// FinishInterrupted hands over the files that had arrived when the process was stopped, before they were taken. It is
// called once, at the start; the actor in ctx sees all.
func (u *Uploads) FinishInterrupted(ctx context.Context) error {
	ids, err := u.ids()
	for _, id := range ids {
		if !u.waits(id) {
			continue
		}
		if e := u.take(ctx, id); e != nil {
			u.log.WarnContext(ctx, "an upload was refused", "upload", id, "error", e)
		}
	}
	return err
}

// waits reports whether a file is complete and still there: hollow makes it a hole of the same size.
func (u *Uploads) waits(id string) bool {
	var info handler.FileInfo
	data, err := os.ReadFile(u.file(id) + infoSuffix)
	if err != nil || json.Unmarshal(data, &info) != nil {
		return false
	}
	var file syscall.Stat_t
	err = syscall.Stat(u.file(id), &file)
	return err == nil && file.Size == info.Size && file.Blocks > 0
}

// hollow gives the room of a file back and leaves its size: a client whose connection broke at the very end asks how
// much has come, and must not send it all again.
func hollow(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	return errors.Join(os.Truncate(name, 0), os.Truncate(name, info.Size()))
}

func (u *Uploads) file(id string) string { return filepath.Join(u.opts.Dir, id) }

// ids lists the uploads of which something lies here.
func (u *Uploads) ids() ([]string, error) {
	names, err := readDir(u.opts.Dir)
	var ids []string
	for _, name := range names {
		if id, ok := strings.CutSuffix(name, infoSuffix); ok && uploadID.MatchString(id) {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// touched is when something of an upload was last received.
func (u *Uploads) touched(id string) time.Time {
	var last time.Time
	for _, name := range []string{u.file(id), u.file(id) + infoSuffix} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

func removeFile(name string) error {
	if err := os.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
