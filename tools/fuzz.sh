#!/usr/bin/env bash
# tools/fuzz.sh SECONDS [TARGET...]: build the libFuzzer targets and run each (or these) for so long, on its corpus in the cache folder,
# which grows, and on seeds (tests/fuzz/seeds.py). Prints how much of the code each has seen: edges (cov), features (ft).
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/cache.sh
seconds=${1:-60}
shift || true
tools/build.sh fuzz
build=${BUILD:-build}/fuzz
corpus=$PHARIA_DEV_CACHE/corpus
seeds=$(mktemp -d "$PHARIA_DEV_CACHE/seeds-XXXXXX") # of this run alone: another one may be going on
trap 'rm -rf "$seeds"' EXIT
mapfile -t skills < <(find "$PHARIA_DEV_CACHE/skills/out" -name '*.wasm' 2>/dev/null)
tools/step.sh "seeds" tools/python.sh tests/fuzz/seeds.py "$build" "$seeds" "${skills[@]}"
mapfile -t targets < <(find "$build/tests/fuzz" -maxdepth 1 -type f -name 'fuzz_*' -printf '%f\n' | sort)
[ $# -eq 0 ] || targets=("$@")

coverage() { sed -nE "s/.*$1 +(cov: [0-9]+ ft: [0-9]+).*/\1/p" "$log"; }
failed=0
for name in "${targets[@]}"; do
    [ -d "$seeds/$name" ] || echo "$name has no seeds: give it some in tests/fuzz/seeds.py" >&2
    mkdir -p "$corpus/$name" "$seeds/$name"
    echo "==> $name for $seconds s"
    log=$build/$name.log
    if ! "$build/tests/fuzz/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$build/$name-" \
        "$corpus/$name" "$seeds/$name" >"$log" 2>&1; then
        echo "<== $name FAILED; its input is beside $log:" >&2
        tail -n 30 "$log" >&2
        failed=1
    else
        echo "<== $name: $(grep -E '^Done' "$log"), $(coverage INITED) -> $(coverage DONE)"
    fi
done
exit $failed
