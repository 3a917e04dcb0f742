#!/usr/bin/env bash
# Runs a command beside private Redis servers, which are gone when the command ends:
#
#   scripts/with-redis.sh cargo test
#
# One server, and a cluster of three masters. They live in a temporary folder, listen on free ports of the loopback
# alone and write nothing down. The command finds them in SIGAP_TEST_REDIS_URL and SIGAP_TEST_REDIS_CLUSTER_URL; where
# both are set already, those servers are used and left alone. Two runs at once do not meet.
set -euo pipefail

if [[ -n "${SIGAP_TEST_REDIS_URL:-}" && -n "${SIGAP_TEST_REDIS_CLUSTER_URL:-}" ]]; then
    exec "$@"
fi

say() { printf 'with-redis: %s\n' "$*" >&2; }

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# Installs the programs, and keeps the package from starting a server of the system's own, now or at the next boot.
install_programs() {
    command -v apt-get >/dev/null || { say "redis-server is missing, and there is no apt-get to install it with"; exit 1; }
    say "installing redis-server"
    local rule=/usr/sbin/policy-rc.d mine= status=0
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update </dev/null >&2
    if [[ ! -e $rule ]]; then
        as_root sh -c "printf '#!/bin/sh\nexit 101\n' > $rule && chmod 755 $rule"
        mine=yes
    fi
    as_root "${apt[@]}" install --no-install-recommends redis-server </dev/null >&2 || status=$?
    if [[ -n "$mine" ]]; then as_root rm -f "$rule"; fi
    if ((status == 0)) && command -v systemctl >/dev/null; then
        as_root systemctl disable --quiet redis-server 2>/dev/null || true
    fi
    return "$status"
}

found() { command -v redis-server >/dev/null && command -v redis-cli >/dev/null; }

if ! found; then
    install_programs || { say "redis-server could not be installed"; exit 1; }
    found || { say "redis-server was installed, but its programs are not found"; exit 1; }
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/sigap-redis.XXXXXX")
pids=()

stop() {
    local status=$?
    trap - EXIT INT TERM HUP
    if ((${#pids[@]})); then
        kill -KILL "${pids[@]}" 2>/dev/null || true
        wait "${pids[@]}" 2>/dev/null || true
    fi
    rm -rf "$folder"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

ask() { redis-cli -h 127.0.0.1 -p "$1" "${@:2}" 2>/dev/null; }

# Starts a server on a free port, told in $port. A cluster's servers speak to each other 10,000 ports higher, which
# must not be a port that the kernel gives to clients.
start() {
    local _ _
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        port=$((11000 + RANDOM % 11000))
        mkdir -p "$folder/$port"
        # A process group of its own: Ctrl-C ends the command first, and the servers after it.
        setsid redis-server --bind 127.0.0.1 --port "$port" --dir "$folder/$port" --save '' --appendonly no "$@" \
            >"$folder/$port/server.log" 2>&1 &
        local pid=$!
        for _ in {1..100}; do
            if ! kill -0 "$pid" 2>/dev/null; then break; fi
            # Another's server may have the port; ours tells its own process.
            if [[ "$(ask "$port" info server | tr -d '\r' | sed -n 's/^process_id://p')" == "$pid" ]]; then
                pids+=("$pid")
                return
            fi
            sleep 0.05
        done
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    cat "$folder/$port/server.log" >&2 || true
    say "redis-server did not start"
    exit 1
}

start
single=$port

masters=()
for _ in 1 2 3; do
    start --cluster-enabled yes --cluster-config-file nodes.conf --cluster-node-timeout 2000
    masters+=("$port")
done
slots=(0 5460 5461 10922 10923 16383)
for i in 0 1 2; do
    ask "${masters[i]}" cluster addslotsrange "${slots[2 * i]}" "${slots[2 * i + 1]}" >/dev/null
    ask "${masters[i]}" cluster set-config-epoch $((i + 1)) >/dev/null
    ask "${masters[0]}" cluster meet 127.0.0.1 "${masters[i]}" >/dev/null
done
whole() {
    local master
    for master in "${masters[@]}"; do
        [[ "$(ask "$master" cluster info | tr -d '\r' | grep -cE '^cluster_(state:ok|known_nodes:3)$')" == 2 ]] || return 1
    done
}
for _ in {1..300}; do
    if whole; then break; fi
    sleep 0.1
done
whole || { cat "$folder/${masters[0]}/server.log" >&2; say "the cluster did not form"; exit 1; }

export SIGAP_TEST_REDIS_URL="redis://127.0.0.1:$single"
SIGAP_TEST_REDIS_CLUSTER_URL="redis+cluster://$(printf '127.0.0.1:%s,' "${masters[@]}" | sed 's/,$//')"
export SIGAP_TEST_REDIS_CLUSTER_URL
"$@"
