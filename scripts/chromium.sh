#!/usr/bin/env bash
# Prints where Chromium is, and installs Debian's where it is missing. SIGAP_CHROMIUM names another one.
set -euo pipefail

say() { printf 'chromium: %s\n' "$*" >&2; }

find_program() {
    local name
    if [[ -n "${SIGAP_CHROMIUM:-}" ]]; then
        printf '%s\n' "$SIGAP_CHROMIUM"
        return
    fi
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name"; then return; fi
    done
}

as_root() {
    if [[ $EUID -eq 0 ]]; then "$@"; else sudo -n "$@"; fi
}

program=$(find_program)
if [[ -z "$program" ]]; then
    command -v apt-get >/dev/null || { say "Chromium is missing, and there is no apt-get to install it with"; exit 1; }
    say "installing Chromium"
    apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update </dev/null >&2
    # Without a font, pages have no text.
    as_root "${apt[@]}" install --no-install-recommends chromium fonts-dejavu-core </dev/null >&2
    program=$(find_program)
    [[ -n "$program" ]] || { say "Chromium was installed, but is not found"; exit 1; }
fi
printf '%s\n' "$program"
