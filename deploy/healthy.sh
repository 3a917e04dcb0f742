#!/bin/bash
# healthy HOST PORT: whether GET /readyz answers 200. The image has no other HTTP client.
set -euo pipefail
exec 3<>"/dev/tcp/$1/$2"
printf 'GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" >&3
IFS= read -r -t 2 status <&3
[[ "$status" == "HTTP/1.1 200 "* ]]
