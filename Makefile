# Berth. `make` or `make help` lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
GO ?= go
export CGO_ENABLED ?= 0

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 18

run: build ## start Berth on this machine; installs and starts a Docker engine when there is none
	@scripts/ensure-docker.sh
	@exec bin/berth serve

build: ## build bin/berth, one static program
	$(GO) build -ldflags "-s -w -X main.version=$$(git describe --tags --always 2>/dev/null || echo dev)" -o bin/berth .

clients: ## build the command-line client alone for macOS and Windows, into bin/
	@for target in darwin/arm64/berth-macos-arm64 darwin/amd64/berth-macos-amd64 windows/amd64/berth.exe; do \
		IFS=/ read -r os arch name <<<"$$target"; echo "bin/$$name"; \
		GOOS=$$os GOARCH=$$arch $(GO) build -ldflags "-s -w -X main.version=$$(git describe --tags --always 2>/dev/null || echo dev)" -o "bin/$$name" ./web/cli/berth || exit 1; done

test: ## install what the tests need, start it, check and test everything, clean up
	@scripts/with-test-engine.sh $(MAKE) --no-print-directory check test-all

test-all: # the tests alone, vetted by check; needs what scripts/with-test-engine.sh starts
	@GO=$(GO) CGO_ENABLED=0 scripts/test.sh -timeout 60m -vet=off ./...

test-unit: ## the quick tests: no Docker, no database server, no browser
	$(GO) test . ./core ./core/config ./core/catalog ./core/service ./worker ./worker/reconcile ./worker/schedule ./worker/health ./worker/discovery ./worker/gateway ./views/... ./static

check: ## formatting, vet, staticcheck, generated code current
	@scripts/check.sh

generate: ## generate code from templates and the style sheet (needs Node for the style sheet)
	$(GO) tool templ generate -path views
	npm install --no-save --ignore-scripts --no-audit --no-fund
	npx @tailwindcss/cli -i views/css/app.css -o static/app.css --minify

bench: ## print the figures that Berth is to reach, measured on this machine
	@scripts/with-test-engine.sh scripts/bench.sh

bench-gateway: ## print the figures of the gateway beside nginx, HAProxy and Caddy, measured on this machine
	@BERTH_PACKAGES="haproxy nghttp2-client" scripts/with-test-engine.sh scripts/bench-gateway.sh

test-stores: ## run the suite of log stores against real servers: Loki and ZincSearch, which are built, and those that are named
	@GO=$(GO) scripts/test-stores.sh

soak: ## release, roll back, kill and replace the program for five minutes under load: no request may fail
	@scripts/with-test-engine.sh $(GO) test ./e2e -run '^TestSoak$$' -soak 5m -timeout 20m -v

clean: ## remove what was built
	rm -rf bin node_modules

.PHONY: help run build clients test test-all test-unit check generate bench bench-gateway test-stores soak clean
