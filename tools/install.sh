#!/usr/bin/env bash
# tools/install.sh: installs what tools/build.sh release has built, for any user to run.
#   PREFIX   where it will be (default /usr/local): bin, lib/pharia-kernel, share/doc/pharia-kernel
#   DESTDIR  put before PREFIX, for packages
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/cache.sh
PATH=$(tools/paths.sh)
export PATH
export PKG_CONFIG_PATH=$PHARIA_DEV_CACHE/wasmtime-50.0.1/lib/pkgconfig:${PKG_CONFIG_PATH:-}
dir=${BUILD:-build}/release
prefix=${PREFIX:-/usr/local}
case $prefix in
/*) ;;
*)
    echo "tools/install.sh: PREFIX must be an absolute path, not '$prefix'" >&2
    exit 2
    ;;
esac
[ -f "$dir/build.ninja" ] || {
    echo "tools/install.sh: $dir is not built: run make build" >&2
    exit 1
}
export DESTDIR=${DESTDIR:-}
umask 022 # folders that others can enter
# Nothing that is compiled depends on the prefix: programs find their library beside themselves.
if [ "$prefix" != "$(cat "$dir.prefix" 2>/dev/null)" ]; then
    meson configure "$dir" -Dprefix="$prefix" >/dev/null
    echo "$prefix" >"$dir.prefix"
fi
meson install -C "$dir" --quiet
echo "installed into $DESTDIR$prefix: bin/pharia-kernel, bin/resource-eval, lib/pharia-kernel, share/doc/pharia-kernel"
