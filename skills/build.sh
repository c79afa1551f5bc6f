#!/usr/bin/env bash
# Builds the sample skills with the public tools that tools/setup.sh installed.
#
#   skills/build.sh              all samples
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

# ---- one function a builder: BUILDER WORK OUTPUT [ARGUMENT] -------------------------------------

# to_component CORE OUTPUT: what CORE imports of the first WASI comes from the adapter.
to_component() {
    "$WASM_TOOLS" component new "$1" -o "$2" \
        --adapt "wasi_snapshot_preview1=$CACHE/adapter/wasi_snapshot_preview1.reactor.wasm"
}

# For world 0.MINOR. Bindings are in the source; "embed" adds the types, "new" makes the component.
build_c() {
    local work=$1 output=$2 minor=$3 world=$TOP/wit/skill@0.$3 version
    version=$(sed -n 's/^package pharia:skill@\(.*\);/\1/p' "$world/skill.wit")
    # A reactor: the exports are called without running a main function.
    clang-14 --target=wasm32-wasi -mexec-model=reactor -std=gnu11 -O2 -Wall -Wextra -Werror \
        -Wl,-s "-DWORLD=\"$version\"" "-DWORLD_MINOR=$minor" -o "$work/core.wasm" "$SKILLS"/sample_c/*.c
    "$WASM_TOOLS" component embed "$world" --world skill "$work/core.wasm" -o "$work/typed.wasm"
    to_component "$work/typed.wasm" "$output"
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

# For wasm32-wasip2 cargo makes the component. For wasm32-wasip1 it also builds the standard library
# and links with Debian's wasi-libc; the bindings have put the types in. What cargo built is kept, so a
# change of the sample does not build the standard library again.
build_rs() {
    local output=$2 place crt1 built options linking=()
    place=$CACHE/skills/rust/$(readlink "$CACHE/crates")
    built=$place/target/$RUST_TARGET/release/sample_rs.wasm
    mkdir -p "$place/skills"
    find "$CACHE/skills/rust" -mindepth 1 -maxdepth 1 ! -path "$place" -exec rm -rf {} +
    # A copy, so that nothing appears beside the sources; they expect the texts two folders up.
    rm -rf "$place/skills/sample_rs" "$place/wit"
    cp -r "$SKILLS/sample_rs" "$place/skills/"
    cp "$CACHE/crates/Cargo.lock" "$place/skills/sample_rs/"
    cp -r "$TOP/wit" "$place/"
    options=(--release --locked --offline --target "$RUST_TARGET" --target-dir "$place/target"
        --config 'source.crates-io.replace-with="vendored"'
        --config "source.vendored.directory=\"$CACHE/crates/vendor\"")
    if [ "$RUST_TARGET" = wasm32-wasip1 ]; then
        crt1=$(clang-14 --target=wasm32-wasi -print-file-name=crt1-reactor.o)
        options+=(-Z "build-std=std,panic_abort")
        # Only for the last link. rustc's own copies of libc and its start code are not there.
        linking=(-C linker=wasm-ld-14 -C link-self-contained=no -L "native=$(dirname "$crt1")"
            -C "link-arg=$crt1" -C link-arg=--export=_initialize)
        # Or a released compiler takes no -Z.
        export RUSTC_BOOTSTRAP=1
    fi
    (
        cd "$place/skills/sample_rs"
        unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS
        RUSTC=$RUST_RUSTC "$RUST_CARGO" rustc "${options[@]}" -- "${linking[@]}"
    )
    if [ "$RUST_TARGET" = wasm32-wasip1 ]; then
        to_component "$built" "$output"
    else
        cp "$built" "$output"
    fi
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
        echo "$RUST_TARGET"
        "$RUST_RUSTC" --version
        readlink "$CACHE/venv-tools" "$CACHE/adapter" "$CACHE/crates"
        sources+=("$SKILLS"/sample_rs/{Cargo.toml,Cargo.lock.in,src/*} "$TOP"/wit/skill@0.3/*)
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
    [ "$name" != sample_rs ] || { [ -x "$RUST_RUSTC" ] && [ -e "$CACHE/crates/Cargo.lock" ]; } ||
        die "sample_rs cannot be built: Rust has no target wasm32-wasip2 here, or the crates are not there" \
            "run tools/setup.sh, which installs what builds it without that target"
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
