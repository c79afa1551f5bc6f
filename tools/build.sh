#!/usr/bin/env bash
# tools/build.sh PRESET [test]: configure and build into build/PRESET; with `test` run its unit tests.
# Presets: release; asan (AddressSanitizer + UBSan); tsan (ThreadSanitizer); fuzz (libFuzzer with both, needs clang).
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/cache.sh
PATH=$(tools/paths.sh)
export PATH
preset=${1-}
dir=${BUILD:-build}/$preset
export PKG_CONFIG_PATH=$PHARIA_DEV_CACHE/wasmtime-50.0.1/lib/pkgconfig:${PKG_CONFIG_PATH:-}

options() {
    case $preset in
    release) echo "-Ddebug=true -Doptimization=2" ;;
    asan) echo "-Ddebug=true -Doptimization=2 -Db_sanitize=address,undefined" ;;
    tsan) echo "-Ddebug=true -Doptimization=2 -Db_sanitize=thread" ;;
    # Coverage is counted in every library, not only in the targets: the fuzzer follows the code under test.
    fuzz) echo "-Ddebug=true -Doptimization=2 -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true -Dc_args=-fsanitize=fuzzer-no-link" ;;
    *)
        echo "tools/build.sh: no preset '$preset' (release, asan, tsan, fuzz)" >&2
        exit 2
        ;;
    esac
}

wanted=$(options) # ends here when there is no such preset
[ "$preset" = fuzz ] && export CC=clang-14
# A folder of older options is made anew: meson does not take all of them when it configures one again (c_args).
if [ ! -f "$dir/build.ninja" ] || [ "$wanted" != "$(cat "$dir.options" 2>/dev/null)" ]; then
    mkdir -p "$(dirname "$dir")"
    rm -rf "$dir"
    # shellcheck disable=SC2086
    tools/step.sh "configure $preset" meson setup "$dir" $wanted >"$dir.log" 2>&1 || {
        mkdir -p "$dir" && tail -n 20 "$dir.log" >&2
        exit 1
    }
    echo "$wanted" >"$dir.options"
fi
target=
[ "$preset" = fuzz ] && target=fuzz # what the fuzzers need, not the kernel and its tests
# shellcheck disable=SC2086
tools/step.sh "build $preset" ninja -C "$dir" --quiet $target
[ "${2:-}" = test ] || exit 0

# Wasmtime has signal handlers of its own; the library is not instrumented (docs/engine.md).
export ASAN_OPTIONS=${ASAN_OPTIONS:-allow_user_segv_handler=1:handle_segv=0:handle_sigill=0:handle_sigfpe=0:detect_stack_use_after_return=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-ignore_noninstrumented_modules=1:report_signal_unsafe=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
tools/step.sh "unit tests, $preset" meson test -C "$dir" --print-errorlogs --timeout-multiplier 3
