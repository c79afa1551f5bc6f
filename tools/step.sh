#!/usr/bin/env bash
# tools/step.sh "TEXT" COMMAND…: say what is done, do it, say how long it took.
set -uo pipefail
text=$1
shift
start=$(date +%s)
echo "==> $text"
"$@"
status=$?
took=$(($(date +%s) - start))
if [ $status -eq 0 ]; then
    echo "<== $text: done in $took s"
else
    echo "<== $text: FAILED with status $status after $took s: $*" >&2
fi
exit $status
