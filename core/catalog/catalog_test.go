package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"berth/core"
)

func load(t *testing.T, yaml string) (*Catalog, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestEmbeddedEntries(t *testing.T) {
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, e := range c.Entries() {
		titles = append(titles, e.Title)
		if e.Summary["en"] == "" || e.Summary["zh-Hans"] == "" {
			t.Errorf("%s lacks a summary", e.Name)
		}
		if len(e.Plans) != 3 || e.Plans[0].Name != "small" {
			t.Errorf("%s: plans %v", e.Name, e.Plans)
		}
		for i, p := range e.Plans[1:] {
			if p.Memory <= e.Plans[i].Memory {
				t.Errorf("%s: %s is not larger than %s", e.Name, p.Name, e.Plans[i].Name)
			}
		}
	}
	want := []string{"Memcached", "MongoDB", "MySQL", "PostgreSQL", "RabbitMQ", "Redis"}
	if d := cmp.Diff(want, titles); d != "" {
		t.Error(d)
	}
	if _, err := c.Entry("oracle"); core.ErrorCode(err) != core.ENOTFOUND {
		t.Error(err)
	}
}

func TestRedisRenders(t *testing.T) {
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	e, err := c.Entry("redis")
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Render(e.Values("shop-cache", map[string]string{"password": "s3cret"}, 128*core.MiB))
	if err != nil {
		t.Fatal(err)
	}
	want := core.Rendered{
		Command: []string{"redis-server", "--requirepass", "s3cret", "--appendonly", "yes", "--maxmemory", "96mb"},
		URI:     "redis://:s3cret@shop-cache:6379/0",
		BindingEnv: map[string]string{"REDIS_URL": "redis://:s3cret@shop-cache:6379/0", "REDIS_HOST": "shop-cache",
			"REDIS_PORT": "6379", "REDIS_PASSWORD": "s3cret"},
	}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	if _, err := e.Render(map[string]string{"host": "x", "port": "1"}); core.ErrorCode(err) != core.EINTERNAL {
		t.Error("a missing value went unnoticed:", err)
	}
}

func TestOperatorsFileReplacesAndAdds(t *testing.T) {
	const entry = `
- name: redis
  title: Redis of the house
  versions: [{version: local, image: "docker-daemon:redis:local"}]
  port: 6379
  plans: [{name: tiny, memory: 32MiB}]
  credentials: [{name: password, secret: true, length: 20}]
  uri: "redis://:{{.password}}@{{.host}}:{{.port}}"
- name: valkey
  title: Valkey
  versions: [{version: "8", image: "docker-archive:/srv/valkey.tar"}]
  port: 6379
  plans: [{name: tiny, memory: 32MiB, cpu: 250m, storage: 1GiB}]
  health: {kind: tcp, grace: 2m}
  uri: "redis://{{.host}}:{{.port}}"
`
	for _, text := range []string{entry, "entries:" + entry} {
		c, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		redis, _ := c.Entry("redis")
		valkey, _ := c.Entry("valkey")
		if redis.Title != "Redis of the house" || len(redis.Versions) != 1 || valkey.Plans[0].CPU != 250 || len(c.Entries()) != 7 {
			t.Errorf("%+v %+v", redis, valkey)
		}
	}
}

func TestEveryFaultIsReported(t *testing.T) {
	_, err := load(t, `
- name: "Bad Name"
  versions: [{version: "-x"}]
  port: 65536
  plans: [{name: a b, memory: many, cpu: some}]
  env: {"A=B": x}
  credentials: [{name: host}, {name: p, length: 3}]
  volume: ../etc
  user: "root; id"
  capabilities: [SYS_ADMIN]
  health: {kind: exec}
  uri: "{{.nothing}}"
- name: twice
- name: twice
`)
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{"Bad Name: name:", "Bad Name: title:", `versions: "-x" cannot`, `versions: "-x" has no image`,
		"port: 65536", `plans: "many"`, `plans: "some"`, `plans: "a b"`, "env:", `credentials: "host"`, "credentials: p has",
		"volume:", "user:", "SYS_ADMIN", "health:", "templates:", "nothing", "twice: is there twice", "twice: uri: is missing"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "empty",
		"just words":                "no entries",
		"a: [":                      "yaml",
		"- {name: x1, colour: red}": "colour",
		"entries: []\nother: 1":     "other",
		"- {name: a1}\n---\n- {}":   "several",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := Load("/nonexistent/own.yaml"); err == nil {
		t.Error("an absent file is taken")
	}
}

func TestPlansAndVersionsAreFound(t *testing.T) {
	c, err := Load("")
	if err != nil {
		t.Fatal(err)
	}
	e, _ := c.Entry("mysql")
	if p, err := e.Plan(""); err != nil || p.Name != "small" {
		t.Error(p, err)
	}
	if v, err := e.Version("8.0"); err != nil || v.Image != "mysql:8.0" {
		t.Error(v, err)
	}
	if _, err := e.Plan("huge"); core.ErrorCode(err) != core.EINVALID {
		t.Error(err)
	}
	if _, err := e.Version("1"); core.ErrorCode(err) != core.EINVALID {
		t.Error(err)
	}
}
