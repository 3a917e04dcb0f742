#!/usr/bin/env bash
# All tests, with what they need beside them. Arguments go to cargo test: scripts/test.sh --test it journal
set -euo pipefail
cd "$(dirname "$0")/.."
exec scripts/with-postgres.sh scripts/with-redis.sh cargo test "$@"
