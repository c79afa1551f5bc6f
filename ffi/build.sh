#!/usr/bin/env bash
# ffi/build.sh OUT.a: build the static library with cargo, its objects in the cache folder.
#
# The pinned versions are in Cargo.lock.in, a Cargo.lock without the registry's address: that is taken from a lock file that cargo
# writes for itself.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$1
. "$here/../tools/cache.sh"
work=$PHARIA_DEV_CACHE/ffi
mkdir -p "$work"
exec 9>"$work/lock"
flock 9
mkdir -p "$work/crate/src" "$work/probe/src"
if [ ! -f "$work/probe/Cargo.lock" ]; then
    printf '[package]\nname = "probe"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nserde_json = "1"\n' >"$work/probe/Cargo.toml"
    : >"$work/probe/src/lib.rs"
    (cd "$work/probe" && cargo generate-lockfile --quiet)
fi
registry=$(sed -n 's/^source = "\(.*\)"$/\1/p' "$work/probe/Cargo.lock" | head -n 1)
sed "s|@REGISTRY@|$registry|" "$here/Cargo.lock.in" >"$work/Cargo.lock.new"
copy() { cmp -s "$1" "$2" || cp "$1" "$2"; }
copy "$work/Cargo.lock.new" "$work/crate/Cargo.lock"
copy "$here/Cargo.toml" "$work/crate/Cargo.toml"
for source in "$here"/src/*.rs; do copy "$source" "$work/crate/src/${source##*/}"; done
(cd "$work/crate" && CARGO_TARGET_DIR=$work/target cargo build --release --locked --quiet)
cp "$work/target/release/libpk_ffi.a" "$out"
