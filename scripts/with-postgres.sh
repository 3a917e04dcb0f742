#!/usr/bin/env bash
# Runs a command beside a private PostgreSQL, which is gone when the command ends:
#
#   scripts/with-postgres.sh cargo test
#
# The server lives in a temporary folder, listens on a free port of the loopback alone, runs without root's rights and
# with its durable defaults (fsync on). The command finds it in SIGAP_TEST_POSTGRES_URL; where that is set already,
# that server is used and left alone. Two runs at once do not meet.
set -euo pipefail

if [[ -n "${SIGAP_TEST_POSTGRES_URL:-}" ]]; then
    exec "$@"
fi

say() { printf 'with-postgres: %s\n' "$*" >&2; }

# The folder of the newest PostgreSQL with both programs, or nothing.
find_programs() {
    local folder
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) /usr/local/pgsql/bin /usr/pgsql-*/bin; do
        if [[ -x "$folder/initdb" && -x "$folder/postgres" ]]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    if command -v initdb >/dev/null; then
        folder=$(dirname "$(readlink -f "$(command -v initdb)")")
        if [[ -x "$folder/postgres" ]]; then printf '%s\n' "$folder"; fi
    fi
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

# Installs the programs without a cluster of the system's own: nothing is left running.
install_programs() {
    command -v apt-get >/dev/null || { say "PostgreSQL is missing, and there is no apt-get to install it with"; exit 1; }
    say "installing PostgreSQL"
    local rule=/etc/postgresql-common/createcluster.d/sigap.conf
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    as_root mkdir -p "$(dirname "$rule")"
    as_root sh -c "echo 'create_main_cluster = false' > $rule"
    as_root "${apt[@]}" update </dev/null >&2
    as_root "${apt[@]}" install --no-install-recommends postgresql </dev/null >&2 || { as_root rm -f "$rule"; exit 1; }
    as_root rm -f "$rule"
}

programs=$(find_programs)
if [[ -z "$programs" ]]; then
    install_programs
    programs=$(find_programs)
    [[ -n "$programs" ]] || { say "PostgreSQL was installed, but its programs are not found"; exit 1; }
fi

# Root's own TMPDIR may be closed to the user that the server runs as.
base=${TMPDIR:-/tmp}
if [[ $EUID -eq 0 ]]; then base=/tmp; fi
folder=$(mktemp -d "$base/sigap-postgres.XXXXXX")
started=

stop() {
    local status=$?
    trap - EXIT INT TERM HUP
    if [[ -n "$started" ]]; then
        server "$programs/pg_ctl" stop -D "$folder/data" -m immediate -s || true
    fi
    rm -rf "$folder"
    exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# PostgreSQL refuses to run as root, so that a stranger's rights are borrowed.
user=
if [[ $EUID -eq 0 ]]; then
    for user in postgres nobody; do id -u "$user" >/dev/null 2>&1 && break; done
    chown "$user" "$folder"
fi
server() (
    cd "$folder"
    if [[ -n "$user" ]]; then
        exec setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups env HOME="$folder" "$@"
    fi
    exec "$@"
)

password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
server sh -c "umask 077; echo $password > password"
server "$programs/initdb" -D "$folder/data" -U sigap --pwfile=password --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 >"$folder/initdb.log" 2>&1 || { cat "$folder/initdb.log" >&2; exit 1; }

for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$((15000 + RANDOM % 17000))
    if server "$programs/pg_ctl" start -D "$folder/data" -l "$folder/data/server.log" -w -s \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=300" \
        >"$folder/start.log" 2>&1; then
        started=yes
        break
    fi
done
if [[ -z "$started" ]]; then
    cat "$folder/start.log" "$folder/data/server.log" >&2 || true
    say "PostgreSQL did not start"
    exit 1
fi

export SIGAP_TEST_POSTGRES_URL="postgres://sigap:$password@127.0.0.1:$port/postgres"
"$@"
