package e2e

import (
	"database/sql"
	"fmt"
	"net/url"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql"

	"berth/e2e/testenv"
)

// mysqlCatalog writes a catalogue file whose MySQL is a real MariaDB made of Debian's package.
func mysqlCatalog(t testing.TB) string {
	t.Helper()
	return writeFile(t, "catalog.yaml", fmt.Sprintf(`
- name: mysql
  title: MySQL
  versions: [{version: "10.11", image: "docker-archive:%s"}]
  port: 3306
  plans: [{name: small, memory: 256MiB, cpu: 0.5}]
  env:
    MYSQL_DATABASE: app
    MYSQL_USER: app
    MYSQL_PASSWORD: "{{.password}}"
    MYSQL_ROOT_PASSWORD: "{{.root_password}}"
  credentials: [{name: password, secret: true}, {name: root_password, secret: true}]
  volume: /var/lib/mysql
  uri: "mysql://app:{{.password}}@{{.host}}:{{.port}}/app"
  binding_env: {DATABASE_URL: "mysql://app:{{.password}}@{{.host}}:{{.port}}/app"}
`, testenv.MySQLArchive(t)))
}

// TestPickMySQLAndKeepItsData writes a row, has the database replaced, and reads the row.
func TestPickMySQLAndKeepItsData(t *testing.T) {
	t.Parallel()
	c := testenv.Docker(t)
	b := start(t, withArgs("--catalog", mysqlCatalog(t)))
	tenant := b.tenant("Acme")
	shop := b.service(tenant, "Shop data", "mysql")
	var connection struct{ Values map[string]string }
	b.do("GET", "/api/v1/apps/"+shop+"/connection", nil, &connection)
	query := func(statement string) (value string, err error) {
		db, err := sql.Open("mysql", "app:"+connection.Values["password"]+"@tcp("+b.info(shop).Instances[0].Address+")/app")
		if err != nil {
			return "", err
		}
		defer db.Close()
		err = db.QueryRow(statement).Scan(&value)
		return value, err
	}
	for _, statement := range []string{"CREATE TABLE teas (name VARCHAR(20))", "INSERT INTO teas VALUES ('oolong')"} {
		if _, err := query(statement); err != nil && err != sql.ErrNoRows {
			t.Fatal(err)
		}
	}
	b.succeeds(b.act(shop, "restart"))
	b.eventually(time.Minute, func() error {
		name, err := query("SELECT name FROM teas")
		if err == nil && name != "oolong" {
			err = fmt.Errorf("have %q", name)
		}
		return err
	})

	app := b.app(tenant, "Shop")
	b.upload(app, "1.0", testenv.ImageOptions{})
	b.deploy(app, map[string]any{"version": "1.0", "bindings": []string{shop}})
	b.eventually(time.Minute, func() error {
		status, body, err := b.get(app, "/dial?addr="+url.QueryEscape(shop+":3306"))
		if err == nil && status != 200 {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	for _, id := range []string{app, shop} {
		var out accepted
		b.do("DELETE", "/api/v1/apps/"+id, nil, &out)
		b.succeeds(out.Operation)
	}
	b.eventually(time.Minute, func() error { return b.nothingLeft(c, shop) })
}
