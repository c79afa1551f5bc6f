#!/usr/bin/env bash
# Builds the sample skills with the public tools that tools/setup.sh installed.
#
#   skills/build.sh              all samples (sample_rs only where Rust can build for wasm32-wasip2)
#   skills/build.sh NAME...      these; variants for tests are built only when named:
#                                sample_js_all   JavaScript with every feature, imports wasi:http
#                                sample_c_w02, sample_c_w04, sample_c_w05   C for the other worlds
#
# The results are in skills/out of the cache folder. A skill is built again only when its sources,
# its builder or this script changed, and each new one is tried with Wasmtime before it is taken.
set -euo pipefail

PROGRAM=skills
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SKILLS=$TOP/skills
# shellcheck source=tools/progress.sh
. "$TOP/tools/progress.sh"

ALL=(sample_c sample_js sample_py sample_py_heavy sample_rs)
env=$("$TOP/tools/setup.sh" --env)
eval "$env"
CACHE=$PHARIA_DEV_CACHE
SDK=$CACHE/venv-sdk
BUILT=$CACHE/skills/built
OUT=$CACHE/skills/out
RUST_TARGET=wasm32-wasip2

# ---- one function a builder: BUILDER WORK OUTPUT [ARGUMENT] -------------------------------------

# For world 0.MINOR. Bindings are in the source; "embed" adds the types, "new" makes the component.
build_c() {
    local work=$1 output=$2 minor=$3 world=$TOP/wit/skill@0.$3 version
    version=$(sed -n 's/^package pharia:skill@\(.*\);/\1/p' "$world/skill.wit")
    # A reactor: the exports are called without running a main function.
    clang-14 --target=wasm32-wasi -mexec-model=reactor -std=gnu11 -O2 -Wall -Wextra -Werror \
        -Wl,-s "-DWORLD=\"$version\"" "-DWORLD_MINOR=$minor" -o "$work/core.wasm" "$SKILLS"/sample_c/*.c
    "$WASM_TOOLS" component embed "$world" --world skill "$work/core.wasm" -o "$work/typed.wasm"
    "$WASM_TOOLS" component new "$work/typed.wasm" -o "$output" \
        --adapt "wasi_snapshot_preview1=$CACHE/adapter/wasi_snapshot_preview1.reactor.wasm"
}

build_js() {
    local work=$1 output=$2
    # The build script must lie beside the packages that it imports.
    cp "$SKILLS"/sample_js/{build.mjs,sample_js.js,package.json} "$work/"
    ln -s "$CACHE/npm/node_modules" "$work/node_modules"
    (cd "$work" && "$NODE" build.mjs sample_js.js "$TOP/wit/skill@0.3" "$output" "${@:3}")
}

build_py() {
    local work=$1 output=$2 name=$3
    cp "$SKILLS/sample_py/sample_py.py" "$SKILLS"/"$name"/*.py "$work/"
    # The SDK's command looks for this folder here, and for pip and componentize-py on PATH.
    ln -s "$SDK/wasi_deps" "$work/wasi_deps"
    (
        cd "$work"
        export PATH="$SDK/bin:$PATH" VIRTUAL_ENV="$SDK"
        # So that the last line of a failure is the reason.
        export RUST_BACKTRACE=0 _TYPER_STANDARD_TRACEBACK=1
        pharia-skill build "$name" --no-interactive
    )
    mv "$work/$name.wasm" "$output"
}

build_rs() {
    local work=$1 output=$2
    # A copy, so that no lock file appears beside the sources; they expect the texts two folders up.
    mkdir -p "$work/skills"
    cp -r "$SKILLS/sample_rs" "$work/skills/"
    cp -r "$TOP/wit" "$work/"
    (cd "$work/skills/sample_rs" && "$CARGO" build --release --target $RUST_TARGET --target-dir "$work")
    mv "$work/$RUST_TARGET/release/sample_rs.wasm" "$output"
}

have_rust_target() {
    [ -n "${CARGO-}" ] && [ -d "$(rustc --print target-libdir --target $RUST_TARGET 2>/dev/null)" ]
}

# ---- what a skill is made from ------------------------------------------------------------------

# Prints the lines that make up the skill's key: the builder's versions, then the sources' digests.
describe() {
    local sources=("$SKILLS/build.sh")
    case $1 in
    sample_c*)
        clang-14 --version
        readlink "$CACHE/venv-tools" "$CACHE/adapter"
        sources+=("$SKILLS"/sample_c/* "$TOP"/wit/*/*)
        ;;
    sample_js*)
        "$NODE" --version
        readlink "$CACHE/npm"
        sources+=("$SKILLS"/sample_js/* "$TOP"/wit/skill@0.3/*)
        ;;
    sample_py*)
        readlink "$SDK"
        sources+=("$SKILLS"/sample_py/*.py "$SKILLS/$1"/*.py)
        ;;
    sample_rs)
        rustc --version
        sources+=("$SKILLS"/sample_rs/{Cargo.toml,src/*} "$TOP"/wit/skill@0.3/*)
        ;;
    esac
    sha256sum "${sources[@]}" | cut -d' ' -f1
}

builder() {
    case $1 in
    sample_c) echo build_c 3 ;;
    sample_c_w0[245]) echo "build_c ${1#sample_c_w0}" ;;
    sample_js) echo build_js ;;
    sample_js_all) echo build_js --all-features ;;
    sample_py | sample_py_heavy) echo "build_py $1" ;;
    sample_rs) echo build_rs ;;
    *) die "there is no sample skill $1" "there are: ${ALL[*]} sample_js_all sample_c_w02 sample_c_w04 sample_c_w05" ;;
    esac
}

# ---- building -----------------------------------------------------------------------------------

# Every sample says the same; Wasmtime's own component implementation is the judge.
try() {
    local said
    said=$("$PYTHON_TOOLS" "$SKILLS/judge.py" "$1" '{"topic":"Ada","memory":100,"chunks":1,"wait_time":20}')
    [ "$said" = '"Hello Ada  memory=000100 KB in 1 chunks time=000020 ms"' ] && return
    echo "the skill was built, but its answer is wrong: $said"
    return 1
}

build_and_try() {
    local result=$1 work how
    shift
    work=$(mktemp -d)
    # shellcheck disable=SC2064 # now, as the name is local
    trap "rm -rf '$work'" EXIT
    how=$1
    shift
    "$how" "$work" "$work/result.wasm" "$@"
    try "$work/result.wasm"
    # Two steps, as the cache may be another file system.
    mv "$work/result.wasm" "$result.new"
    mv -T "$result.new" "$result"
}

# The name without the key; a hard link, so that it is a regular file.
publish() {
    [ "$1" -ef "$2" ] && return
    ln -f "$1" "$2.new"
    mv -T "$2.new" "$2"
}

build() {
    local name=$1 key result how
    read -ra how <<<"$(builder "$name")"
    [ ${#how[@]} -gt 0 ] || exit 1
    if [ "$name" = sample_rs ] && ! have_rust_target; then
        say "sample_rs is left out: Rust has no target $RUST_TARGET here (remedy: rustup target add $RUST_TARGET)"
        return
    fi
    key=$(describe "$name" | sha256sum | cut -c1-12)
    result=$BUILT/$name-$key.wasm
    if [ ! -e "$result" ]; then
        step "building $name" "see the lines above; skills/README.md says how $name is built" \
            build_and_try "$result" "${how[@]}"
    fi
    publish "$result" "$OUT/$name.wasm"
    # The one before is kept for a change that is taken back.
    find "$BUILT" -name "$name-????????????.wasm" -printf '%T@ %p\n' | sort -rn | tail -n +3 |
        cut -d' ' -f2- | xargs -r -d '\n' rm -f
}

[ -e "$CACHE/READY" ] || die "the tools are not installed" "run tools/setup.sh"
mkdir -p "$BUILT" "$OUT"
exec 9>"$CACHE/skills/.lock"
flock -n 9 || { say "waiting for another build to end ..." && flock 9; }
[ $# -gt 0 ] || set -- "${ALL[@]}"
for name in "$@"; do build "$name"; done
say "they are in $OUT"
