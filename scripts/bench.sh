#!/usr/bin/env bash
# Measures every figure that Berth is to reach, on this machine, and prints a table of them. A figure that is missed
# is marked and fails nothing: the machine has its part in it. What cannot be measured fails.
#   scripts/bench.sh          the table
#   scripts/bench.sh --rooms  the benchmarks of the single rooms too
set -euo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
out=$(mktemp)
trap 'rm -f "$out"' EXIT

echo "Measuring the program with real containers. This takes about twenty minutes."
failed=0
go test -run xxx -bench . -benchtime 1x -timeout 45m ./e2e | tee "$out" || failed=1
go test -run xxx -bench Audit -benchtime 300x ./core/store | tee -a "$out" || failed=1
echo
echo "Measuring what an audit entry costs."
go test -run xxx -bench '^BenchmarkAudit$' -benchtime 5x ./core/store | tee -a "$out" || failed=1
echo
echo "Measuring what it costs to measure, and a chart of 30 days."
go test -run xxx -bench Collect -benchtime 10x ./worker/metrics | tee -a "$out" || failed=1
go test -run xxx -bench Month -benchtime 20x ./worker/metrics/tsdb | tee -a "$out" || failed=1
echo
echo "Measuring a million lines of log."
go test -run xxx -bench 'MillionLines|CollectLines' -benchtime 1x ./worker/logs/victoria | tee -a "$out" || failed=1
echo
echo "Measuring the gateway beside nginx."
go run ./e2e/bench/gateway -rounds 3 | tee -a "$out" || failed=1
if [ "${1:-}" = --rooms ]; then
	echo
	go test -run xxx -bench 'AppsPage|AuditPage' -benchtime 100x ./core/store || failed=1
	go test -run xxx -bench . -benchtime 1x ./worker/image ./worker/registry/zookeeper || failed=1
fi

# Rows of the table: what, its figure by benchmark and unit, the most it may be.
awk '
function number(value, unit) { return sprintf("%.4g%s", value, unit == "" ? "" : " " unit) }
function row(what, value, most, unit) {
	is_missed = value == "" || value + 0 > most + 0
	missed += is_missed
	printf "  %-66s %12s %10s%s\n", what, value == "" ? "not measured" : number(value, unit), number(most, unit),
		is_missed ? "  missed" : ""
}
function besides(what, value, unit) { printf "  %-66s %12s\n", what, number(value, unit) }
function ratio() { match($0, /[0-9.]+ \(at most/); return substr($0, RSTART) + 0 }

/^Benchmark/ {
	name = $1; sub(/^Benchmark/, "", name); sub(/-[0-9]+$/, "", name)
	for (i = 3; i < NF; i += 2) figure[name " " $(i + 1)] = $i
}
/^gateway CPU.*nginx/ { nginx = ratio() }
/^gateway CPU.*routes to 10/ { routes = ratio() }
END {
	printf "\n  %-66s %12s %10s\n", "figure", "measured", "at most"
	row("deploy to the first answer, as a ratio to docker run", figure["Deploy to-docker-run"], 1.5, "")
	row("gateway CPU a request, as a ratio to nginx", nginx, 1.1, "")
	row("gateway CPU a request, 100,000 routes as a ratio to 10", routes, 1.05, "")
	row("upload of 1 GiB in one request, growth of memory", figure["Upload/post MiB-growth"], 100, "MiB")
	row("upload of 1 GiB in chunks, growth of memory", figure["Upload/chunks MiB-growth"], 100, "MiB")
	row("log line from container to browser, p95", figure["LogLine ms-p95"], 200, "ms")
	row("logs: 50,000 lines a second from engine to disk, cores of Berth and its store", figure["CollectLines cores-at-50000/s"], 1, "")
	row("logs: bytes on disk to bytes in", figure["MillionLines disk/in"], 0.5, "")
	row("logs: a rare word in a million lines", figure["MillionLines rare-word-ms"], 500, "ms")
	row("logs: a field of JSON in a million lines", figure["MillionLines field-ms"], 500, "ms")
	row("logs: a level in a million lines", figure["MillionLines level-ms"], 500, "ms")
	row("logs: the newest of a million lines", figure["MillionLines newest-ms"], 500, "ms")
	row("logs: memory of each of 1,000 viewers of one log", figure["Viewers KiB-each"], 64, "KiB")
	row("memory at rest", figure["Rest MiB-RSS"], 120, "MiB")
	row("memory at rest, with an app", figure["Rest MiB-RSS-with-an-app"], 120, "MiB")
	row("start to ready with an empty data folder", figure["Start ms-to-ready"], 1000, "ms")
	row("home page with 1,000 apps that serve, p95", figure["Home/serving ms-p95"], 50, "ms")
	row("home page with 1,000 stopped apps, p95", figure["Home/stopped ms-p95"], 50, "ms")
	row("the slowest page with 1,000 teams of 10 apps, p95", figure["Pages ms-p95"], 50, "ms")
	row("what an audit entry adds to a change", figure["Audit ms-audit"], 1, "ms")
	row("what an audit entry costs a change, SQLite", figure["Audit/sqlite ms-more"], 1, "ms")
	row("what an audit entry costs a change, MariaDB", figure["Audit/mysql ms-more"], 1, "ms")
	row("killed program to serving again, the slowest of 5", figure["Heal/killed ms-most"], 2000, "ms")
	row("failing health check to replaced, asked every second, of 5", figure["Heal/replaced ms-most"], 5000, "ms")
	row("p99 of an app beside one that runs out of memory again and again", figure["Neighbour times"], 1.1, "times")
	row("measuring 200 instances every 5 s, of a core", figure["Collect %-of-a-core"], 5, "%")
	row("a chart of 30 days of an app", figure["Month/app ns/op"] / 1e6, 200, "ms")
	row("a chart of 30 days of each instance", figure["Month/instances ns/op"] / 1e6, 200, "ms")
	printf "\n  %-66s %12s\n", "besides", "measured"
	besides("deploy to the first answer", figure["Deploy ms-deploy"], "ms")
	besides("docker run to the first answer", figure["Deploy ms-docker-run"], "ms")
	besides("first deploy of all: the network is made, the image fetched", figure["Deploy ms-first-with-fetch"], "ms")
	besides("upload of 1 GiB in one request, each second", figure["Upload/post MiB/s"], "MiB")
	besides("upload of 1 GiB in chunks, each second", figure["Upload/chunks MiB/s"], "MiB")
	printf "\n%s\n", missed ? missed " missed." : "All reached."
}' "$out"
exit $failed
