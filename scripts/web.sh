#!/usr/bin/env bash
# Builds the screens into web/dist, if something changed since the last time:
#
#   scripts/web.sh          without Node: a warning, and the program is built without screens
#   scripts/web.sh --need   without Node: an error
#
# Needs Node.js 20.19 or later (or 22.12 or later) with npm, which fetches what package-lock.json names.
set -euo pipefail
cd "$(dirname "$0")/../web"

say() { printf 'web: %s\n' "$*" >&2; }

fits() {
    node -e 'const [a, b] = process.versions.node.split(".").map(Number);
        process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)'
}

missing=
if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    missing="Node.js with npm is missing"
elif ! fits; then
    missing="Node.js $(node --version) is too old"
fi
if [[ -n "$missing" ]]; then
    say "$missing: the screens (/console, /board, /unit) need Node.js 20.19, 22.12 or later."
    if [[ "${1:-}" == --need ]]; then exit 1; fi
    say "WARNING: building without the screens. Everything else works."
    exit 0
fi

sum() { sha256sum | cut -d' ' -f1; }

# What npm put there is right as long as the lock is the same.
lock=$(sum <package-lock.json)
if [[ "$(cat node_modules/.sigap-lock 2>/dev/null)" != "$lock" ]]; then
    say "fetching what the screens are built with"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    echo "$lock" >node_modules/.sigap-lock
fi

inputs() {
    find . ../api-spec \( -path ./node_modules -o -path ./dist -o -path ./src/gen -o -path ./tests -o -path ./shots \) -prune \
        -o -type f -print0 | sort -z | xargs -0 sha256sum | sum
}

now=$(inputs)
if [[ -f dist/index.html && "$(cat node_modules/.sigap-built 2>/dev/null)" == "$now" ]]; then exit 0; fi
rm -f node_modules/.sigap-built
say "building the screens"
node scripts/build.mjs >&2
echo "$now" >node_modules/.sigap-built
