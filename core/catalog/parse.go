package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"go.yaml.in/yaml/v3"

	"berth/core"
)

// yamlEntry is an entry as it is written.
type yamlEntry struct {
	Name         string            `yaml:"name"`
	Title        string            `yaml:"title"`
	Summary      map[string]string `yaml:"summary"`
	Versions     []yamlVersion     `yaml:"versions"`
	Port         int               `yaml:"port"`
	Plans        []yamlPlan        `yaml:"plans"`
	Env          map[string]string `yaml:"env"`
	Command      []string          `yaml:"command"`
	Credentials  []yamlCredential  `yaml:"credentials"`
	Volume       string            `yaml:"volume"`
	Health       yamlHealth        `yaml:"health"`
	URI          string            `yaml:"uri"`
	BindingEnv   map[string]string `yaml:"binding_env"`
	User         string            `yaml:"user"`
	Capabilities []string          `yaml:"capabilities"`
}

type yamlVersion struct {
	Version string `yaml:"version"`
	Image   string `yaml:"image"`
}

type yamlPlan struct {
	Name    string `yaml:"name"`
	Memory  string `yaml:"memory"`
	CPU     string `yaml:"cpu"`
	Storage string `yaml:"storage"`
}

type yamlCredential struct {
	Name   string `yaml:"name"`
	Value  string `yaml:"value"`
	Length int    `yaml:"length"`
	Secret bool   `yaml:"secret"`
}

type yamlHealth struct {
	Kind     string        `yaml:"kind"`
	Path     string        `yaml:"path"`
	Interval time.Duration `yaml:"interval"`
	Timeout  time.Duration `yaml:"timeout"`
	Grace    time.Duration `yaml:"grace"`
	Failures int           `yaml:"failures"`
}

// kind is tcp unless something else is said: what is no web server is not to be asked by HTTP.
func (h yamlHealth) kind() core.ProbeKind {
	if h.Kind == "" && h.Path == "" {
		return core.ProbeTCP
	}
	return core.ProbeKind(h.Kind)
}

// parse reads a file: one entry, a list of entries, or a list under the key entries. Keys that mean nothing are
// faults, and all of them are named.
func parse(data []byte) ([]yamlEntry, error) {
	var shape yaml.Node
	if err := yaml.Unmarshal(data, &shape); err != nil {
		return nil, err
	}
	if len(shape.Content) == 0 {
		return nil, errors.New("is empty; write a list of entries")
	}
	root := shape.Content[0]
	switch {
	case root.Kind == yaml.SequenceNode:
		var list []yamlEntry
		return list, strict(data, &list)
	case root.Kind == yaml.MappingNode && hasKey(root, "entries"):
		var doc struct {
			Entries []yamlEntry `yaml:"entries"`
		}
		err := strict(data, &doc)
		return doc.Entries, err
	case root.Kind == yaml.MappingNode:
		var one yamlEntry
		err := strict(data, &one)
		return []yamlEntry{one}, err
	}
	return nil, errors.New("holds no entries; write a list of entries")
}

func strict(data []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return err
	}
	if err := d.Decode(new(yaml.Node)); err != io.EOF {
		return errors.New("holds several documents; write one")
	}
	return nil
}

func hasKey(mapping *yaml.Node, key string) bool {
	for i := 0; i < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return true
		}
	}
	return false
}

// entry returns what y says, and every fault of it.
func (y yamlEntry) entry() (core.CatalogEntry, error) {
	var f faults
	e := core.CatalogEntry{Name: y.Name, Title: y.Title, Summary: y.Summary, Port: y.Port, Env: y.Env,
		Command: y.Command, VolumePath: y.Volume, URI: y.URI, BindingEnv: y.BindingEnv, User: y.User,
		Capabilities: y.Capabilities,
		Health: core.HealthCheck{Kind: y.Health.kind(), Path: y.Health.Path, Interval: core.Duration(y.Health.Interval),
			Timeout: core.Duration(y.Health.Timeout), Grace: core.Duration(y.Health.Grace), Failures: y.Health.Failures}}
	for _, v := range y.Versions {
		e.Versions = append(e.Versions, core.CatalogVersion(v))
	}
	for _, c := range y.Credentials {
		e.Credentials = append(e.Credentials, core.CredentialSpec(c))
	}
	for _, p := range y.Plans {
		e.Plans = append(e.Plans, p.plan(&f))
	}
	f.check(e)
	return e, errors.Join(f...)
}

func (y yamlPlan) plan(f *faults) core.Plan {
	p := core.Plan{Name: y.Name}
	for _, size := range []struct {
		text string
		to   *core.Bytes
	}{{y.Memory, &p.Memory}, {y.Storage, &p.Storage}} {
		v, err := core.ParseBytes(size.text)
		if err != nil && size.text != "" {
			f.add("plans", "%q is not a size; write it as 512MiB", size.text)
		}
		*size.to = v
	}
	cpu, err := core.ParseCPU(y.CPU)
	if err != nil && y.CPU != "" {
		f.add("plans", "%q is not an amount of processor; write cores, such as 0.5", y.CPU)
	}
	p.CPU = cpu
	return p
}

// faults collects what is wrong with an entry.
type faults []error

func (f *faults) add(key, format string, args ...any) {
	*f = append(*f, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}
