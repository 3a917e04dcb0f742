#!/usr/bin/env bash
# All tests, with what they need beside them. With arguments, only what cargo test is asked for by them:
# scripts/test.sh --test it journal
set -euo pipefail
cd "$(dirname "$0")/.."
if (($# > 0)); then
    exec scripts/with-postgres.sh scripts/with-redis.sh cargo test "$@"
fi
scripts/web.sh --need
scripts/with-postgres.sh scripts/with-redis.sh cargo test
scripts/browser.sh
