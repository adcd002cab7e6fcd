#!/usr/bin/env bash
# Runs the suite of log stores against real servers. Loki is built from its Go module, which takes some minutes the first
# time; an Elasticsearch, an OpenSearch or a Loki that runs already is named.
#   scripts/test-stores.sh                                        Loki, built and started here
#   LOKI=http://127.0.0.1:3100 scripts/test-stores.sh             a Loki that is there
#   ELASTICSEARCH=http://127.0.0.1:9200 scripts/test-stores.sh    that too
# What is built is kept in STORES, by default a folder of the user's cache.
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
GO=${GO:-go}
LOKI_VERSION=v3.7.8
STORES=${STORES:-${XDG_CACHE_HOME:-$HOME/.cache}/berth-stores}

# build_loki builds it within a module that requires it as it requires others, which go install does not allow.
build_loki() {
	local module=github.com/grafana/loki/v3 dir
	mkdir -p "$STORES/loki"
	dir=$($GO mod download -json "$module@$LOKI_VERSION" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
	{ echo "module stores/loki"; sed -e '/^module /d' -e '/=> \.\//d' "$dir/go.mod"; } >"$STORES/loki/go.mod"
	cp "$dir/go.sum" "$STORES/loki/go.sum"
	chmod u+w "$STORES/loki/go.sum"
	(
		cd "$STORES/loki"
		$GO mod edit -require="$module@$LOKI_VERSION" -tool="$module/cmd/loki"
		GOFLAGS=-mod=mod $GO build -o "$STORES/loki-$LOKI_VERSION" "$module/cmd/loki"
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
	data=$(mktemp -d)
	PORT=$(free_port 33100) GRPC_PORT=$(free_port 33501)
	sed -e "s|\${DATA}|$data|; s|\${PORT}|$PORT|; s|\${GRPC_PORT}|$GRPC_PORT|" scripts/loki.yaml >"$data/loki.yaml"
	"$STORES/loki-$LOKI_VERSION" -config.file="$data/loki.yaml" &
	loki=$!
	trap 'kill $loki; wait $loki || true; rm -rf "$data"' EXIT
	LOKI=http://127.0.0.1:$PORT
	for _ in $(seq 120); do
		if curl -fsS -o /dev/null "$LOKI/ready" 2>/dev/null; then return; fi
		kill -0 "$loki"
		sleep 0.5
	done
	echo "Loki does not get ready." >&2
	return 1
}

if [ -z "${LOKI:-}" ]; then
	if [ ! -x "$STORES/loki-$LOKI_VERSION" ]; then
		echo "Building Loki $LOKI_VERSION."
		build_loki
	fi
	start_loki
fi
echo "Loki at $LOKI:"
$GO test ./worker/logs/loki -count 1 -v -run '^TestStore$' -server "$LOKI"
if [ -n "${ELASTICSEARCH:-}" ]; then
	echo "The server at ${ELASTICSEARCH##*@}:"
	$GO test ./worker/logs/elastic -count 1 -v -run '^TestStore$' -server "$ELASTICSEARCH"
fi
