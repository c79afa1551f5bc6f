#!/usr/bin/env bash
# Checks the texts in this folder: each parses, a component can be made for each of its worlds, and
# 0.3.11 has the types of the text inside the public Python SDK.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
env=$(../tools/setup.sh --env)
eval "$env"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The interfaces of a component for a world that calls and exports all; sorted, as order means nothing.
types() {
    "$WASM_TOOLS" component embed --dummy "$1" --world "$2" -o "$work/core.wasm"
    "$WASM_TOOLS" component new "$work/core.wasm" -o "$work/component.wasm"
    "$WASM_TOOLS" validate "$work/component.wasm"
    "$WASM_TOOLS" component wit "$work/component.wasm" | sort
}

for dir in skill@*; do
    # shellcheck disable=SC2013 # names have no spaces
    for world in $(sed -n 's/^world \(.*skill\) {/\1/p' "$dir/skill.wit"); do
        types "$dir" "$world" >"$work/ours"
        if [ "$dir" = skill@0.3 ]; then
            types "$PHARIA_DEV_CACHE"/venv-sdk/lib/python3.*/site-packages/pharia_skill/wit "$world" >"$work/theirs"
            diff "$work/ours" "$work/theirs" || { echo "wit: $dir, world $world differs from the SDK's" >&2; exit 1; }
        fi
        echo "wit: $dir, world $world: ok"
    done
done
