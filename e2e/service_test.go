package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"berth/e2e/testenv"
)

// redisCatalog writes a catalogue file that offers a real Redis made of Debian's package.
func redisCatalog(t testing.TB) string {
	t.Helper()
	archive := testenv.RedisArchive(t)
	return writeFile(t, "catalog.yaml", fmt.Sprintf(`
- name: redis
  title: Redis
  versions: [{version: "7", image: "docker-archive:%s"}]
  port: 6379
  plans: [{name: small, memory: 64MiB, cpu: 0.25}]
  command: [redis-server, --dir, /data, --appendonly, "yes", --requirepass, "{{.password}}"]
  credentials: [{name: password, secret: true}]
  volume: /data
  uri: "redis://:{{.password}}@{{.host}}:{{.port}}/0"
  binding_env: {REDIS_HOST: "{{.host}}", REDIS_ADDR: "{{.host}}:{{.port}}", REDIS_PASSWORD: "{{.password}}"}
`, archive))
}

func writeFile(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// service picks a service from the catalogue and waits until it runs.
func (b *Berth) service(tenant, name, entry string) string {
	b.t.Helper()
	var out struct{ ID, Operation string }
	b.do("POST", "/api/v1/apps", map[string]any{"tenant": tenant, "name": name, "service": entry}, &out)
	b.succeeds(out.Operation)
	return out.ID
}

func TestPickRedisAndUseItFromAnApp(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b := start(t, withArgs("--catalog", redisCatalog(t)))
	tenant := b.tenant("Acme")
	cache := b.service(tenant, "Shop cache", "redis")
	if err := b.event(cache, "online", "Redis 7 is online"); err != nil {
		t.Error(err)
	}
	app := b.app(tenant, "Shop")
	b.upload(app, "1.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "1.0", "bindings": []string{cache}})
	var connection struct {
		Host, URI string
		Port      int
		Values    map[string]string
	}
	b.do("GET", "/api/v1/apps/"+cache+"/connection", nil, &connection)
	password := connection.Values["password"]
	if connection.Host != cache || connection.Port != 6379 || len(password) < 16 || !strings.Contains(connection.URI, password) {
		t.Fatalf("connection %+v", connection)
	}
	talk := func(command string) error {
		status, body, err := b.get(app, "/redis?addr="+url.QueryEscape(cache+":6379")+"&password="+url.QueryEscape(password)+command)
		if err != nil || status != 200 {
			return fmt.Errorf("%d %s %v", status, body, err)
		}
		return nil
	}
	b.eventually(time.Minute, func() error { return talk("") })
	if _, body, _ := b.get(app, "/env"); !strings.Contains(body, password) {
		t.Errorf("the binding's environment is missing: %s", body)
	}
	if status, body, _ := b.get(app, "/redis?addr="+url.QueryEscape(cache+":6379")+"&password=wrong"); status == 200 {
		t.Errorf("a wrong password is let in: %s", body)
	}

	volume := b.theContainer(c, cache)
	b.succeeds(b.act(cache, "restart"))
	if again := b.theContainer(c, cache); again == volume {
		t.Error("the restart kept the container")
	}
	b.eventually(time.Minute, func() error { return talk("") })

	for _, id := range []string{app, cache} {
		var out accepted
		b.do("DELETE", "/api/v1/apps/"+id, nil, &out)
		b.succeeds(out.Operation)
	}
	b.eventually(time.Minute, func() error { return b.nothingLeft(c, cache) })
}
