#!/usr/bin/env bash
# Measures the gateway beside nginx, HAProxy and Caddy, on this machine, and prints what Berth is to reach. Caddy is
# built from its source when it is not installed; without a network it is left out. A figure that is missed fails nothing:
# the machine has its part in it.
#   scripts/bench-gateway.sh [-rounds 5] [-duration 2s] ...
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
if ! command -v caddy >/dev/null; then
	tools=$(mktemp -d)
	trap 'rm -rf "$tools"' EXIT
	echo "Building Caddy."
	if GOBIN=$tools go install github.com/caddyserver/caddy/v2/cmd/caddy@latest; then PATH=$tools:$PATH; fi
fi
echo "Measuring the gateway. This takes about three minutes."
go run ./e2e/bench/gateway "$@"
go test ./e2e -run '^TestARouteChangeReachesEveryGateway$' -count 1 -v | grep '^route change'
