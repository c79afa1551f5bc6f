#!/usr/bin/env bash
# tools/fuzz.sh SECONDS: build every libFuzzer target and run each for so long, on its corpus in the cache folder (which grows).
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/cache.sh
seconds=${1:-60}
tools/build.sh fuzz
corpus=$PHARIA_DEV_CACHE/corpus
seeds() { # starting points for the targets that read components: our small fixtures
    find build/fuzz/tests build/release/tests -name '*.wasm' -size -64k 2>/dev/null
}
failed=0
for target in build/fuzz/tests/fuzz/fuzz_*; do
    [ -f "$target" ] && [ -x "$target" ] || continue
    name=$(basename "$target")
    mkdir -p "$corpus/$name"
    case $name in fuzz_component | fuzz_link) seeds | xargs -r cp -t "$corpus/$name" -u ;; esac
    echo "==> $name for $seconds s"
    log=build/fuzz/$name.log
    if ! "$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="build/fuzz/$name-" "$corpus/$name" >"$log" 2>&1; then
        echo "<== $name FAILED; its input is beside build/fuzz/$name.log:" >&2
        tail -n 30 "$log" >&2
        failed=1
    else
        echo "<== $name: $(grep -E '^Done|stat::number_of_executed' "$log" | tail -n 1)"
    fi
done
exit $failed
