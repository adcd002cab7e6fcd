#!/usr/bin/env bash
# Runs the suite of log stores against real servers. Loki and ZincSearch, which has a part of Elasticsearch's interface,
# are built from their Go modules, which takes some minutes the first time; an Elasticsearch, an OpenSearch or a Loki that
# runs already is named. It takes ten minutes: Loki looks every five for what it is to forget.
#   scripts/test-stores.sh                                        Loki and ZincSearch, built and started here
#   LOKI=http://127.0.0.1:3100 scripts/test-stores.sh             a Loki that is there
#   ELASTICSEARCH=http://127.0.0.1:9200 scripts/test-stores.sh    that too
# What is built is kept in STORES, by default a folder of the user's cache.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
GO=${GO:-go}
LOKI_VERSION=v3.7.8
ZINC_VERSION=v0.4.10
STORES=${STORES:-${XDG_CACHE_HOME:-$HOME/.cache}/berth-stores}

module_dir() { $GO mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'; }

# build_loki builds it within a module that requires it as it requires others, which go install does not allow.
build_loki() {
	local module=github.com/grafana/loki/v3 dir
	mkdir -p "$STORES/loki"
	dir=$(module_dir "$module@$LOKI_VERSION")
	{ echo "module stores/loki"; sed -e '/^module /d' -e '/=> \.\//d' "$dir/go.mod"; } >"$STORES/loki/go.mod"
	cp "$dir/go.sum" "$STORES/loki/go.sum"
	chmod u+w "$STORES/loki/go.sum"
	(
		cd "$STORES/loki"
		$GO mod edit -require="$module@$LOKI_VERSION" -tool="$module/cmd/loki"
		GOFLAGS=-mod=mod $GO build -o "$STORES/loki-$LOKI_VERSION" "$module/cmd/loki"
	)
}

# build_zinc builds it without its pages, which are not in the module, and without its profiler, which newer Go does not
# build.
build_zinc() {
	rm -rf "$STORES/zinc"
	cp -r "$(module_dir github.com/zincsearch/zincsearch@$ZINC_VERSION)" "$STORES/zinc"
	chmod -R u+w "$STORES/zinc"
	(
		cd "$STORES/zinc"
		mkdir -p web/dist
		touch web/dist/index.html
		sed -i -e '/pyroscope-io/d' -e '/^\t"strings"$/d' -e '/^\tprofiling()$/d' -e '/^func profiling() {$/,/^}$/d' cmd/zincsearch/main.go
		$GO build -o "$STORES/zinc-$ZINC_VERSION" ./cmd/zincsearch
	)
}

free_port() { # of two that nobody listens at, the first or the second
	for port in $(seq "$1" 2 "$(($1 + 200))"); do
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	return 1
}

start_loki() {
	PORT=$(free_port 33100) GRPC_PORT=$(free_port 33501)
	sed -e "s|\${DATA}|$data|; s|\${PORT}|$PORT|; s|\${GRPC_PORT}|$GRPC_PORT|" scripts/loki.yaml >"$data/loki.yaml"
	"$STORES/loki-$LOKI_VERSION" -config.file="$data/loki.yaml" &
	started+=("$!")
	LOKI=http://127.0.0.1:$PORT
	await "$LOKI/ready"
}

start_zinc() {
	PORT=$(free_port 33900)
	(
		cd "$data"
		ZINC_FIRST_ADMIN_USER=berth ZINC_FIRST_ADMIN_PASSWORD=secret ZINC_DATA_PATH="$data/zinc" ZINC_SERVER_ADDRESS=127.0.0.1 \
			ZINC_SERVER_PORT=$PORT ZINC_TELEMETRY=false ZINC_SENTRY=false ZINC_WAL_SYNC_INTERVAL=10ms GIN_MODE=release \
			exec "$STORES/zinc-$ZINC_VERSION" >"$data/zinc.log" 2>&1
	) &
	started+=("$!")
	await "http://127.0.0.1:$PORT/healthz"
}

await() {
	for _ in $(seq 120); do
		if curl -fsS -o /dev/null "$1" 2>/dev/null; then return; fi
		sleep 0.5
	done
	echo "$1 does not get ready." >&2
	return 1
}

started=()
data=$(mktemp -d)
end() {
	for pid in "${started[@]}"; do kill "$pid" && wait "$pid" || true; done
	rm -rf "$data"
}
trap end EXIT

if [ -z "${LOKI:-}" ]; then
	if [ ! -x "$STORES/loki-$LOKI_VERSION" ]; then
		echo "Building Loki $LOKI_VERSION."
		build_loki
	fi
	start_loki
fi
echo "Loki at $LOKI:"
$GO test ./worker/logs/loki -count 1 -v -timeout 20m -run '^(TestStore|TestRefusedLines|TestLinesAreKeptOnce)$' -server "$LOKI"
if [ ! -x "$STORES/zinc-$ZINC_VERSION" ]; then
	echo "Building ZincSearch $ZINC_VERSION."
	build_zinc
fi
start_zinc
echo "ZincSearch:"
$GO test ./worker/logs/elastic -count 1 -v -run '^TestStore$' -zinc "http://berth:secret@127.0.0.1:$PORT"
if [ -n "${ELASTICSEARCH:-}" ]; then
	echo "The server at ${ELASTICSEARCH##*@}:"
	$GO test ./worker/logs/elastic -count 1 -v -run '^TestStore$' -server "$ELASTICSEARCH"
fi
