#!/usr/bin/env bash
# Has a Docker engine answer on this machine: says what is missing before it installs and starts it.
set -euo pipefail

answers() { timeout 5 docker -H unix:///var/run/docker.sock version >/dev/null 2>&1; }

if [ -n "${DOCKER_HOST:-}" ] || [ -n "${BERTH_DOCKER_HOST:-}" ] || answers; then
	exit 0
fi
if [ "$(id -u)" != 0 ]; then
	echo "No Docker engine answers. Start one, or run this as root to have it installed and started." >&2
	exit 1
fi
if ! command -v dockerd >/dev/null; then
	echo "Berth needs a Docker engine and there is none. Installing Debian's docker.io ..."
	apt-get update -qq
	cli=$(apt-cache show docker-cli >/dev/null 2>&1 && echo docker-cli || true) # a package of its own since Debian 13
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io $cli iptables >/dev/null
fi
echo "Starting the Docker engine ..."
if [ -d /run/systemd/system ]; then
	systemctl start docker
else
	setsid dockerd >/var/log/dockerd.log 2>&1 < /dev/null &
fi
for _ in $(seq 120); do
	if answers; then exit 0; fi
	sleep 0.5
done
echo "The Docker engine did not start. Its last words:" >&2
tail -n 20 /var/log/dockerd.log >&2 || true
exit 1
