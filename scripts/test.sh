#!/usr/bin/env bash
# Runs go test with the arguments given, and says at the very end what failed and in which words: of a long report
# often only the end is shown.
set -uo pipefail
cd "$(dirname "$0")/.."
report=$(mktemp)
trap 'rm -f "$report"' EXIT
${GO:-go} test "$@" 2>&1 | tee "$report"
code=${PIPESTATUS[0]}
if [ "$code" -ne 0 ]; then
	echo
	echo "What failed:"
	awk '
		/^ *--- FAIL: / || /^FAIL\t/ || /^(panic|fatal error): / || /^# / { inside = !/^FAIL\t/; print; next }
		/^(ok|---|===|\?) / { inside = 0 }
		/\.go:[0-9]+: berth said:$/ { next }
		inside && /^ *[A-Za-z0-9_.\/-]+\.go:[0-9]+(:[0-9]+)?: / { print }
	' "$report" | cut -c1-300 | tail -n 80
fi
exit "$code"
