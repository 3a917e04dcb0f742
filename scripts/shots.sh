#!/usr/bin/env bash
# The pictures in docs/screens, made by the tests that use the screens: `scripts/shots.sh` makes all anew, with the name of a
# test file (as in tests/console.test.ts) those of it.
set -euo pipefail
cd "$(dirname "$0")/.."
export SIGAP_SHOTS=docs
if (($# > 0)); then exec scripts/browser.sh "$@"; fi
for file in console console_restart board unit; do
    if [[ -e web/tests/$file.test.ts ]]; then scripts/browser.sh "tests/$file.test.ts"; fi
done
