#!/usr/bin/env bash
# Every C file is as clang-format-14 would write it; names the files that are not.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build
git ls-files '*.c' '*.h' | xargs clang-format-14 --dry-run --Werror 2>&1 | grep -E 'error: code should be' | cut -d: -f1 | sort -u >build/format.txt || true
if [ -s build/format.txt ]; then
    echo "not formatted (run: make format):" >&2
    cat build/format.txt >&2
    exit 1
fi
