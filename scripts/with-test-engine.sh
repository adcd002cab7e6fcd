#!/usr/bin/env bash
# Runs a command with everything that Berth's tests need: Debian's packages, and a Docker engine, which is stopped and
# removed afterwards. One that runs on this machine already, or that DOCKER_HOST names, is used instead: two engines
# would share a bridge.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(docker.io iptables iproute2 zookeeper default-jre-headless mariadb-server redis-server chromium
	fonts-noto-cjk busybox-static skopeo nginx wrk procps nftables util-linux git prometheus ${BERTH_PACKAGES:-})
missing=()
for p in "${packages[@]}"; do
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p")
done
if [ ${#missing[@]} -gt 0 ]; then
	echo "Installing what the tests need: ${missing[*]}"
	apt-get update -qq
	# What is installed here must not start by itself: the tests start what they need.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && ours=1; fi
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	command -v docker >/dev/null || apt-get install -y -qq docker-cli >/dev/null # of its own since Debian 13
	[ -z "${ours:-}" ] || rm -f $policy
fi

answers() { timeout 5 docker -H "unix://$1" version >/dev/null 2>&1; }

if [ -n "${DOCKER_HOST:-}" ] || answers /var/run/docker.sock; then
	exec "$@"
fi
work=$(mktemp -d /tmp/berth-test.XXXXXX)
engine=
finish() {
	code=$?
	trap - EXIT INT TERM
	if [ -n "$engine" ]; then
		kill -TERM "$engine" 2>/dev/null || true
		for _ in $(seq 60); do kill -0 "$engine" 2>/dev/null || break; sleep 0.5; done
		kill -KILL "$engine" 2>/dev/null || true
	fi
	umount -R "$work" 2>/dev/null || true
	rm -rf "$work" 2>/dev/null || true
	exit "$code"
}
trap finish EXIT INT TERM

socket=$work/docker.sock
setsid dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "unix://$socket" \
	>"$work/dockerd.log" 2>&1 </dev/null &
engine=$!
for _ in $(seq 120); do
	answers "$socket" && ready=1 && break
	kill -0 "$engine" 2>/dev/null || break
	sleep 0.5
done
if [ -z "${ready:-}" ]; then
	echo "The Docker engine for the tests did not start:" >&2
	tail -n 30 "$work/dockerd.log" >&2
	exit 1
fi
export DOCKER_HOST=unix://$socket
"$@"
