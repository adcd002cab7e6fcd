// Package static holds the files that a browser loads: the built stylesheet, the scripts, and in vendor/ the libraries
// as npm has them, each beside its licence. Every file has an address with the hash of its content, so that it can
// be kept for ever.
package static

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed app.css favicon.svg js vendor
var files embed.FS

// Prefix is where Handler is mounted.
const Prefix = "/static/"

// Files knows the content and the address of every file.
type Files struct {
	paths map[string]string // name -> address
	data  map[string]asset  // address -> content
}

type asset struct {
	name    string
	content []byte
}

// New hashes all files.
func New() *Files {
	f := &Files{paths: map[string]string{}, data: map[string]asset{}}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := files.ReadFile(name)
		address := Prefix + hashed(name, content)
		f.paths[name], f.data[address] = address, asset{name, content}
		return err
	})
	if err != nil {
		panic(err) // an embedded file is always there
	}
	return f
}

func hashed(name string, content []byte) string {
	sum := sha256.Sum256(content)
	ext := path.Ext(name)
	return strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
}

// Path returns the address of a file: "app.css" is at "/static/app.<hash>.css". A name that does not exist is a
// fault of the program.
func (f *Files) Path(name string) string {
	address, ok := f.paths[name]
	if !ok {
		panic("static: no file " + name)
	}
	return address
}

// ServeHTTP answers for the addresses of Path, and nothing else.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a, ok := f.data[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.content))
}
