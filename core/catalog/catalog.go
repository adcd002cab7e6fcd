// Package catalog holds the middleware that customers can pick, as data: the YAML files beside this one, and the
// operator's own, whose entries add to or replace them.
package catalog

import (
	"embed"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"berth/core"
)

//go:embed *.yaml
var embedded embed.FS

// Catalog is the entries by name. It does not change once it is loaded.
type Catalog struct {
	entries map[string]core.CatalogEntry
}

var _ core.Catalog = (*Catalog)(nil)

// Load returns the embedded entries with those of the operator's file over them; path "" has none. The error names
// every fault of the file.
func Load(path string) (*Catalog, error) {
	c := &Catalog{entries: map[string]core.CatalogEntry{}}
	files, err := embedded.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := embedded.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		if err := c.add(f.Name(), data); err != nil {
			return nil, err
		}
	}
	if path == "" {
		return c, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the catalogue cannot be read: %w", err)
	}
	if err := c.add(path, data); err != nil {
		return nil, err
	}
	return c, nil
}

// Entry returns the entry of a name. Errors: ENOTFOUND.
func (c *Catalog) Entry(name string) (core.CatalogEntry, error) {
	e, ok := c.entries[name]
	if !ok {
		return core.CatalogEntry{}, core.NotFound()
	}
	return e, nil
}

// Entries returns all entries by title.
func (c *Catalog) Entries() []core.CatalogEntry {
	return slices.SortedFunc(maps.Values(c.entries), func(a, b core.CatalogEntry) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
}

// add puts the entries of one file over those that are there.
func (c *Catalog) add(file string, data []byte) error {
	entries, err := parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var faults []error
	seen := map[string]bool{}
	for i, y := range entries {
		e, err := y.entry()
		name := e.Name
		if name == "" {
			name = fmt.Sprintf("entry %d", i+1)
		}
		if seen[e.Name] {
			err = errors.Join(err, errors.New("is there twice; keep one"))
		}
		for _, fault := range lines(err) {
			faults = append(faults, fmt.Errorf("%s: %s: %s", file, name, fault))
		}
		seen[e.Name] = true
		c.entries[e.Name] = e
	}
	return errors.Join(faults...)
}

func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}
