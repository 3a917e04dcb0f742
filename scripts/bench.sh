#!/usr/bin/env bash
# All benchmarks, one after the other, with what they need beside them; in the end the whole table. Ten minutes and the
# build. Arguments go to the binaries: scripts/bench.sh ingest offer_sqlite
set -euo pipefail
cd "$(dirname "$0")/.."

# Five thousand sockets of a server, and as many of the phones.
need=16384
if (($(ulimit -n) < need)); then
    ulimit -n "$need" || { echo "bench: ulimit -n $need is needed; $(ulimit -Hn) is the most here" >&2; exit 1; }
fi

# PostGIS is compared with; its packages are many, and where they cannot be had its row says so.
wants_postgis() {
    (($# == 0)) && return
    local part
    for part in "$@"; do [[ redis_nearest_10k_nearest_10k_vs_geosearch_nearest_10k_vs_postgis == *"$part"* ]] && return; done
    return 1
}
install_postgis() {
    scripts/with-postgres.sh true
    local folder
    folder=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV | head -1)
    local version=${folder%/bin}
    version=${version##*/}
    [[ -e /usr/share/postgresql/$version/extension/postgis.control ]] && return
    local root=()
    if ((EUID != 0)); then root=(sudo -n); fi
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "postgresql-$version-postgis-3" </dev/null >&2
}
if wants_postgis "$@"; then
    install_postgis || echo "bench: PostGIS could not be installed" >&2
fi

cargo build --benches --profile bench
for bench in nearest redis service; do
    scripts/with-postgres.sh scripts/with-redis.sh cargo bench -q --bench "$bench" -- "$@"
done
cargo bench -q --bench nearest -- --table
