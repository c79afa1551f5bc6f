#!/usr/bin/env bash
# Installs everything that building and testing the project needs on Debian 12: Debian packages,
# and a cache folder outside the tree with what comes from PyPI, crates.io and npm.
#
#   tools/setup.sh           installs what is missing
#   tools/setup.sh --check   only says what is missing (exit 1 if anything is)
#   tools/setup.sh --env     only prints the shell lines: eval "$(tools/setup.sh --env)"
#
# Each item of the cache has its version (or a digest of what it is made from) in its name and is
# complete when its name is there, so a run that was interrupted is repaired by the next one.
set -euo pipefail

PROGRAM=setup
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=tools/progress.sh
. "$TOP/tools/progress.sh"

CACHE=${PHARIA_DEV_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pharia-kernel-dev}
WASMTIME=50.0.1
CARGO_AT_LEAST=85 # 1.85 is the first that reads edition 2024
NODE=20.19.5      # fetched where the one on PATH is older, as Debian 12's own: a parser wants 20

APT_PACKAGES=(
    build-essential pkg-config meson ninja-build cmake git curl python3 python3-venv patchelf
    clang-14 lld-14 llvm-14 clang-format-14 clang-tidy-14 libclang-rt-14-dev
    libclang-rt-14-dev-wasm32 wasi-libc
    libcurl4-openssl-dev libssl-dev libjansson-dev libxxhash-dev libcmocka-dev
    wrk
)
# Where Rust has no target wasm32-wasip2: 145 MB to fetch, 810 MB on the disk.
RUST_WASM_PACKAGES=(rustc-web cargo-web rust-web-src)

# ---- what is there ----------------------------------------------------------------------------

digest() { cat "$@" | sha256sum | cut -c1-12; }

# The first cargo that is new enough; nothing if there is none.
find_cargo() {
    local cargo minor
    for cargo in cargo /usr/bin/cargo; do
        minor=$("$cargo" --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
        [ "${minor:-0}" -ge $CARGO_AT_LEAST ] && command -v "$cargo" && return
    done
    return 0
}

# The Node.js that builds JavaScript: the one on PATH if it is new enough, else ours.
find_node() {
    local major
    major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
    if [ "${major:-0}" -ge "${NODE%%.*}" ]; then command -v node; else echo "$CACHE/node-$NODE/bin/node"; fi
}

# The first Python that the SDK accepts (3.11 or later) and that can make environments.
find_python() {
    local python
    for python in python3 /usr/bin/python3; do
        "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
            2>/dev/null && command -v "$python" && return
    done
    return 0
}

# Has this rustc a standard library for that target? It names the folder even where there is none.
has_target() {
    local dir
    dir=$("$1" --print target-libdir --target "$2" 2>/dev/null) && [ -d "$dir" ]
}

# The crates that Debian's sources of the standard library come with, if they are those of its rustc.
std_crates() {
    local version dir
    version=$(/usr/bin/rustc --version 2>/dev/null | cut -d' ' -f2 || true)
    dir=/usr/src/rustc-$version/library/vendor
    [ ! -x /usr/bin/cargo ] || [ ! -d "$dir" ] || echo "$dir"
}

# Sets what builds Rust skills: the toolchain on PATH if it has the target for components. Else
# Debian's, which can build the standard library for the WASI before that: no registry has the target
# or the sources (rustup fetches both from a server of its own).
find_rust_wasm() {
    RUST_CARGO=$(find_cargo)
    RUST_RUSTC=${RUST_CARGO%cargo}rustc
    RUST_TARGET=wasm32-wasip2
    [ -n "$RUST_CARGO" ] && has_target "$RUST_RUSTC" $RUST_TARGET && return
    RUST_CARGO=/usr/bin/cargo
    RUST_RUSTC=/usr/bin/rustc
    RUST_TARGET=wasm32-wasip1
}

# All of them if any is missing or of another version.
missing_rust_packages() {
    find_rust_wasm
    [ $RUST_TARGET = wasm32-wasip2 ] || [ -n "$(std_crates)" ] || printf '%s\n' "${RUST_WASM_PACKAGES[@]}"
}

missing_packages() {
    local wanted=("${APT_PACKAGES[@]}") present
    command -v node >/dev/null || wanted+=(nodejs)
    command -v npm >/dev/null || wanted+=(npm)
    [ -n "$(find_cargo)" ] || wanted+=(cargo-web rustc-web)
    present=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
        sed -n 's/^installed //p' || true)
    { printf '%s\n' "${wanted[@]}" | grep -vxF -e "${present:-none}" || true; missing_rust_packages; } | awk '!seen[$0]++'
}

PYTHON_TOOLS_DIR=venv-tools-$(digest "$TOP/tools/requirements.txt")
PYTHON_SDK_DIR=venv-sdk-$(digest "$TOP/skills/requirements.txt")
NPM_DIR=npm-$(digest "$TOP"/skills/sample_js/package{,-lock}.json)
CACHE_ITEMS=("wasmtime-$WASMTIME" "adapter-$WASMTIME" "$PYTHON_TOOLS_DIR" "$PYTHON_SDK_DIR" "$NPM_DIR")
[ "$(find_node)" != "$CACHE/node-$NODE/bin/node" ] || CACHE_ITEMS+=("node-$NODE")

# A part of the crates is the toolchain's own; it may be installed only while this runs.
crates_dir() {
    local std
    find_rust_wasm
    std=$(std_crates)
    [ $RUST_TARGET = wasm32-wasip1 ] || std=
    echo "crates-$(digest "$TOP"/skills/sample_rs/Cargo.{toml,lock.in})${std:+-rust-$("$RUST_RUSTC" --version | cut -d' ' -f2)}"
}

missing_items() {
    local item
    for item in "${CACHE_ITEMS[@]}" "$(crates_dir)"; do
        [ -e "$CACHE/$item" ] && [ ! -e "$CACHE/$item.unfinished" ] || echo "$item"
    done
}

# ---- Debian packages --------------------------------------------------------------------------

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Root, or sudo: without a password, or with one if somebody is there to type it.
may_install() {
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    # An unreachable extra source need not matter: the install says what it does not find.
    as_root apt-get update || true
    as_root apt-get install -y --no-install-recommends "$@"
}

install_packages() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null || die "this is no Debian system, so nothing can be installed" \
        "install these yourself (names as in Debian 12): ${missing[*]}"
    may_install || die "Debian packages are missing, and this user may not install them" \
        "as root: apt-get update && apt-get install -y ${missing[*]}"
    say "missing Debian packages: ${missing[*]}"
    step "installing ${#missing[@]} Debian packages" \
        "try it by hand: apt-get update && apt-get install -y ${missing[*]}" \
        apt_install "${missing[@]}"
    [ -n "$(find_cargo)" ] || die "no cargo that reads edition 2024 (1.$CARGO_AT_LEAST or later)" \
        "install Debian's cargo-web and rustc-web, or update the one on PATH (rustup update)"
    [ -z "$(missing_rust_packages)" ] || die "Rust has no target wasm32-wasip2 here, and Debian's toolchain comes without the crates of its standard library" \
        "it is older than 1.96: add Debian's security updates to the sources of apt, then run this again" \
        "or where the server of rustup is reached: rustup target add wasm32-wasip2"
    [ -n "$(find_python)" ] || die "no Python 3.11 or later that can make environments" \
        "apt-get install -y python3 python3-venv"
}

# ---- Wasmtime and the adapter -----------------------------------------------------------------

# A crate is only unpacked by cargo, and cargo wants a package that depends on it.
# fetch_crate NAME DIR: prints the folder of the unpacked crate.
fetch_crate() {
    local name=$1 dir=$2 cargo
    cargo=$(find_cargo)
    mkdir -p "$dir"
    : >"$dir/empty.rs"
    printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "empty.rs"\n[dependencies]\n%s = "=%s"\n' \
        "$name" "$WASMTIME" >"$dir/Cargo.toml"
    (cd "$dir" && "$cargo" fetch >&2 && "$cargo" metadata --format-version 1 --offline) |
        "$(find_python)" -c 'import json, os, sys
for p in json.load(sys.stdin)["packages"]:
    if p["name"] == sys.argv[1]: print(os.path.dirname(p["manifest_path"]))' "$name"
}

make_wasmtime() {
    local new=$1 crate version
    mkdir -p "$new/lib/pkgconfig" "$new/tmp/wheel"
    "$(find_python)" -m venv "$new/tmp/venv"
    "$new/tmp/venv/bin/pip" download --no-deps --only-binary :all: -d "$new/tmp" "wasmtime==$WASMTIME"
    "$(find_python)" -m zipfile -e "$new"/tmp/wasmtime-*.whl "$new/tmp/wheel"
    install -m 755 "$new"/tmp/wheel/wasmtime/linux-*/_libwasmtime.so "$new/lib/libwasmtime.so"
    # Without a SONAME the linker would write the path of this folder into our programs.
    patchelf --set-soname libwasmtime.so "$new/lib/libwasmtime.so"
    crate=$(fetch_crate wasmtime-c-api-impl "$new/tmp/fetch")
    cmake -DWASMTIME_HEADER_DST="$new/include" -P "$crate/cmake/install-headers.cmake"
    version=$(sed -n 's/^#define WASMTIME_VERSION "\(.*\)"/\1/p' "$new/include/wasmtime.h")
    [ "$version" = "$WASMTIME" ] || {
        echo "wasmtime.h is of version '$version', the library of $WASMTIME"
        return 1
    }
    # The prefix is relative so that the folder may be moved.
    # shellcheck disable=SC2016
    printf '%s\n' 'prefix=${pcfiledir}/../..' 'Name: wasmtime' \
        'Description: WebAssembly runtime, C interface' "Version: $WASMTIME" \
        'Cflags: -I${prefix}/include' 'Libs: -L${prefix}/lib -lwasmtime' \
        >"$new/lib/pkgconfig/wasmtime.pc"
    rm -rf "$new/tmp"
}

make_adapter() {
    local new=$1 crate
    crate=$(fetch_crate wasi-preview1-component-adapter-provider "$new/tmp")
    cp "$crate/artefacts/wasi_snapshot_preview1.reactor.wasm" "$new/"
    rm -rf "$new/tmp"
}

# ---- Rust skills ------------------------------------------------------------------------------

# Crates of the sample, and of the standard library where that is built: a folder that cargo takes
# instead of the registry, so that the build needs no network. Versions are pinned in Cargo.lock.in, a
# Cargo.lock without the registry's address: that is in the lock file that cargo writes for itself.
make_crates() {
    local new=$1 registry crate
    find_rust_wasm
    export RUSTC=$RUST_RUSTC
    mkdir -p "$new/tmp/src"
    : >"$new/tmp/src/lib.rs"
    cp "$TOP/skills/sample_rs/Cargo.toml" "$new/tmp/"
    (cd "$new/tmp" && "$RUST_CARGO" generate-lockfile)
    registry=$(sed -n 's/^source = "\(.*\)"$/\1/p' "$new/tmp/Cargo.lock" | sort -u)
    sed "s|@REGISTRY@|$registry|" "$TOP/skills/sample_rs/Cargo.lock.in" >"$new/tmp/Cargo.lock"
    (cd "$new/tmp" && "$RUST_CARGO" vendor --locked --versioned-dirs ../vendor)
    mv "$new/tmp/Cargo.lock" "$new/"
    rm -rf "$new/tmp"
    [ $RUST_TARGET = wasm32-wasip1 ] || return 0
    for crate in "$(std_crates)"/*; do
        [ -e "$new/vendor/${crate##*/}" ] || ln -s "$crate" "$new/vendor/"
    done
}

# ---- Python and npm tools ---------------------------------------------------------------------

make_venv() {
    "$(find_python)" -m venv "$1"
    "$1/bin/pip" install --disable-pip-version-check -r "$2"
}

# pydantic's core for WASI is in the SDK's wheel; "pharia-skill build" fetches the rest for each
# build, unless it finds this folder.
make_sdk() {
    make_venv "$1" "$TOP/skills/requirements.txt"
    "$1/bin/pip" install --disable-pip-version-check --target "$1/wasi_deps" --only-binary :all: \
        --platform any --platform wasi_0_0_0_wasm32 --python-version 3.12 \
        --find-links "$1"/lib/python3.*/site-packages/wasi_wheels \
        -c "$TOP/skills/requirements.txt" pydantic-core
}

# The npm registry has Node.js itself, as a package for each platform.
make_node() {
    local new=$1 platform
    case $(uname -m) in
    x86_64) platform=x64 ;;
    aarch64) platform=arm64 ;;
    *) echo "no Node.js package is known for $(uname -m)"; return 1 ;;
    esac
    mkdir -p "$new/bin" "$new/tmp"
    echo '{}' >"$new/tmp/package.json"
    (cd "$new/tmp" && npm install --ignore-scripts --no-audit --no-fund "node-linux-$platform@$NODE")
    mv "$new/tmp/node_modules/node-linux-$platform/bin/node" "$new/bin/"
    rm -rf "$new/tmp"
}

make_npm() {
    mkdir -p "$1"
    cp "$TOP"/skills/sample_js/package{,-lock}.json "$1/"
    # No install scripts: every binary that is needed is in a package. npm itself must run on that
    # Node.js, or it leaves out the packages that want a newer one than its own.
    (cd "$1" && PATH="$(dirname "$(find_node)"):$PATH" npm ci --ignore-scripts --no-audit --no-fund)
}

# ---- the whole --------------------------------------------------------------------------------

# item NAME LINK TEXT COMMAND...: makes $CACHE/NAME by COMMAND in a temporary folder and renames it.
item() {
    local name=$1 link=$2 text=$3 new
    shift 3
    if [ ! -e "$CACHE/$name" ]; then
        new=$CACHE/.new-$name
        rm -rf "$new"
        step "$text" "run this again; if it goes on failing, remove $CACHE" "$1" "$new" "${@:2}"
        mv -T "$new" "$CACHE/$name"
    fi
    point "$link" "$name"
}

# Like item, for a folder that cannot be moved (an environment's scripts contain its path): made in
# place beside a mark that is removed at the end.
item_in_place() {
    local name=$1 link=$2 text=$3 mark=$CACHE/$1.unfinished
    shift 3
    if [ ! -e "$CACHE/$name" ] || [ -e "$mark" ]; then
        : >"$mark"
        rm -rf "${CACHE:?}/$name"
        step "$text" "run this again; if it goes on failing, remove $CACHE" "$1" "$CACHE/$name" "${@:2}"
        rm -f "$mark"
    fi
    point "$link" "$name"
}

# A name without a version for those who use it; replaced in one step.
point() {
    [ "$1" != "$2" ] || return 0
    [ "$(readlink "$CACHE/$1" || true)" = "$2" ] && return
    ln -sfn "$2" "$CACHE/.new-link-$1"
    mv -T "$CACHE/.new-link-$1" "$CACHE/$1"
}

print_env() {
    printf 'export PHARIA_DEV_CACHE=%q\n' "$CACHE"
    printf 'export PKG_CONFIG_PATH=%q\n' "$CACHE/wasmtime-$WASMTIME/lib/pkgconfig"
    printf 'export WASM_TOOLS=%q\n' "$CACHE/venv-tools/bin/wasm-tools"
    printf 'export PYTHON_TOOLS=%q\n' "$CACHE/venv-tools/bin/python"
    printf 'export CARGO=%q\n' "$(find_cargo)"
    find_rust_wasm
    printf 'export RUST_TARGET=%q\n' "$RUST_TARGET"
    printf 'export RUST_CARGO=%q\n' "$RUST_CARGO"
    printf 'export RUST_RUSTC=%q\n' "$RUST_RUSTC"
    printf 'export NODE=%q\n' "$(find_node)"
}

check() {
    local packages items
    packages=$(missing_packages | tr '\n' ' ')
    items=$(missing_items | tr '\n' ' ')
    [ -z "$packages" ] || say "missing Debian packages: $packages"
    [ -z "$items" ] || say "missing in $CACHE: $items"
    [ -z "$packages$items" ] || die "not everything is there" "tools/setup.sh installs it"
    say "everything is there"
}

install_all() {
    install_packages
    mkdir -p "$CACHE"
    # Two setups at once (make in two terminals) would make the same folders.
    exec 9>"$CACHE/.lock"
    flock -n 9 || { say "waiting for another setup to end ..." && flock 9; }
    item "wasmtime-$WASMTIME" "wasmtime-$WASMTIME" "fetching Wasmtime $WASMTIME, library and headers" make_wasmtime
    item "adapter-$WASMTIME" adapter "fetching the WASI adapter" make_adapter
    item "$(crates_dir)" crates "fetching the crates of the Rust sample" make_crates
    item_in_place "$PYTHON_TOOLS_DIR" venv-tools "installing Python tools" make_venv "$TOP/tools/requirements.txt"
    item_in_place "$PYTHON_SDK_DIR" venv-sdk "installing the Python SDK" make_sdk
    [ "$(find_node)" != "$CACHE/node-$NODE/bin/node" ] ||
        item "node-$NODE" "node-$NODE" "fetching Node.js $NODE" make_node
    item "$NPM_DIR" npm "installing JavaScript tools" make_npm
    print_env >"$CACHE/.new-READY"
    mv -T "$CACHE/.new-READY" "$CACHE/READY"
}

case ${1-} in
'') install_all ;;
--check) check ;;
--env) print_env ;;
*) die "unknown option $1" "use: tools/setup.sh [--check | --env]" ;;
esac
