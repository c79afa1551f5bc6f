#!/usr/bin/env bash
# Print a PATH on which our pinned tools (wasm-tools, meson helpers) come last, so that nothing of the system is shadowed.
. "$(dirname "$0")/cache.sh"
echo "$PATH:$PHARIA_DEV_CACHE/venv-tools/bin"
