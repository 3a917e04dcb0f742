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

cargo build --benches --profile bench
for bench in nearest redis service; do
    scripts/with-postgres.sh scripts/with-redis.sh cargo bench -q --bench "$bench" -- "$@"
done
cargo bench -q --bench nearest -- --table
