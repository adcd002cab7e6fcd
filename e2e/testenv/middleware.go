package testenv

import (
	"path/filepath"
	"testing"
)

// RedisArchive writes a docker save archive of a real Redis that the catalogue's entry can run: it takes the command,
// keeps its data in /data, and is not the administrator.
func RedisArchive(t testing.TB) string {
	t.Helper()
	return ProgramArchive(t, ProgramOptions{
		Programs: []string{"/usr/bin/redis-server", "/usr/bin/redis-cli"}, Entrypoint: []string{},
		Cmd: []string{"redis-server"}, WorkDir: "/data", ExposedPort: 6379, Volumes: []string{"/data"}, User: "app",
	})
}

// MySQLArchive writes a docker save archive of a real MariaDB that the catalogue's entry for MySQL can run: it takes
// MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD and MYSQL_ROOT_PASSWORD, and keeps its data in /var/lib/mysql.
func MySQLArchive(t testing.TB) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	run(t, "mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M")
	return ProgramArchive(t, ProgramOptions{
		Programs:   []string{"/usr/sbin/mariadbd", "/bin/busybox"},
		Copy:       map[string]string{data: "/var/lib/mysql", "/usr/share/mysql": "/usr/share/mysql"},
		Files:      map[string]string{"/entrypoint": mysqlEntrypoint},
		Entrypoint: []string{"/entrypoint"}, ExposedPort: 3306, Volumes: []string{"/var/lib/mysql"}, User: "app",
	})
}

// mysqlEntrypoint lets the accounts be what the environment says.
const mysqlEntrypoint = `#!/bin/sh
cat >/tmp/accounts.sql <<SQL
CREATE DATABASE IF NOT EXISTS ${MYSQL_DATABASE:-app};
CREATE USER IF NOT EXISTS '${MYSQL_USER:-app}'@'%';
ALTER USER '${MYSQL_USER:-app}'@'%' IDENTIFIED BY '${MYSQL_PASSWORD}';
GRANT ALL ON ${MYSQL_DATABASE:-app}.* TO '${MYSQL_USER:-app}'@'%';
ALTER USER 'root'@'localhost' IDENTIFIED BY '${MYSQL_ROOT_PASSWORD}';
SQL
exec /usr/sbin/mariadbd --no-defaults --datadir=/var/lib/mysql --socket=/tmp/mysql.sock --bind-address=0.0.0.0 \
	--skip-name-resolve --init-file=/tmp/accounts.sql --innodb-log-file-size=8M --innodb-buffer-pool-size=16M "$@"
`
