#!/usr/bin/env bash
# Checks what a reader should not have to: formatting, vet, staticcheck, and that generated code is current.
set -euo pipefail
cd "$(dirname "$0")/.."
failed=0
fail() { echo "check: $1" >&2; failed=1; }

go_files=$(git ls-files -co --exclude-standard '*.go' | grep -v '_templ\.go$')
unformatted=$(gofmt -l $go_files)
[ -z "$unformatted" ] || fail "not formatted, run gofmt -w: $unformatted"

before=$(git ls-files -co --exclude-standard '*_templ.go' | xargs -r sha256sum)
go tool templ generate -path views >/dev/null 2>&1 || fail "templ generate does not pass"
after=$(git ls-files -co --exclude-standard '*_templ.go' | xargs -r sha256sum)
[ "$before" = "$after" ] || fail "generated code is not current, run make generate"
go tool templ fmt -fail $(git ls-files -co --exclude-standard '*.templ') >/dev/null 2>&1 || fail "templates are not formatted, run go tool templ fmt ."

if command -v npm >/dev/null; then
	npm install --no-save --ignore-scripts --no-audit --no-fund >/dev/null 2>&1 || fail "npm install does not pass"
	css=$(mktemp)
	npx @tailwindcss/cli -i views/css/app.css -o "$css" --minify >/dev/null 2>&1 || fail "the style sheet cannot be built"
	cmp -s "$css" static/app.css || fail "static/app.css is not current, run make generate"
	rm -f "$css"
fi

go vet ./... || fail "go vet"
go tool staticcheck ./... || fail "staticcheck"
exit $failed
