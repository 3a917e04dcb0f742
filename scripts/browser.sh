#!/usr/bin/env bash
# The tests of the screens: what needs no browser, then the pages in Chromium against the real program.
#
#   scripts/browser.sh                              all
#   scripts/browser.sh tests/feed.test.ts           one file (below web/)
#   scripts/browser.sh tests/feed.test.ts 'halt'    of it, the tests whose name holds this
#
# SIGAP_SHOTS=1 keeps the tests' screenshots in web/shots; SIGAP_HEADED=1 shows the browser; SIGAP_FIGURES=1, on a machine that
# does nothing else, holds the map to frames a second and the keys to milliseconds.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/web.sh --need
SIGAP_CHROMIUM=$(scripts/chromium.sh)
cargo build --quiet --bin sigap
export SIGAP_CHROMIUM SIGAP_PROGRAM="${CARGO_TARGET_DIR:-$PWD/target}/debug/sigap"
cd web
run() { node --import tsx --test --test-concurrency=1 --test-timeout=120000 "$@"; }
if (($# == 0)); then
    npx --no-install tsc --noEmit
    run tests/pure/*.test.ts tests/*.test.ts
elif (($# == 1)); then
    run "$1"
else
    run --test-name-pattern="$2" "$1"
fi
