# Sourced by the scripts that install and build. Runs a slow command with its output in a log,
# says on one line that it runs and for how long, and on failure what failed, why and what to do.
# shellcheck shell=bash

say() { printf '%s: %s\n' "${PROGRAM:-setup}" "$*" >&2; }

die() {
    say "error: $1"
    shift
    for line in "$@"; do printf '    %s\n' "$line" >&2; done
    exit 1
}

# What a log's text says about the cause, in words a person can act on; empty if nothing is known.
diagnose() {
    if grep -qiE 'could not resolve|name resolution|unreachable|connection (refused|timed out|reset)|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|timed out|proxy' "$1"; then
        echo "the package registry was not reached: check network, proxy and DNS, then run this again"
    elif grep -qiE 'no space left' "$1"; then
        echo "the disk is full: free some space, then run this again"
    elif grep -qiE 'could not get lock|is another process using it' "$1"; then
        echo "another package manager is running: wait for it, then run this again"
    fi
}

# step TEXT REMEDY COMMAND...: runs COMMAND; a line at once, another every 20 s, one at the end.
# Ends the script on failure. Not for a condition (if, ||): bash would go on after errors inside.
step() {
    local text=$1 remedy=$2 log pid start=$SECONDS next=20 cause
    shift 2
    log=$(mktemp)
    say "$text ..."
    # A subshell, so that a function may change directory and "set -e" holds inside; a process group
    # of its own (-m), so that an interrupt ends all that it started.
    set -m
    ( set -euo pipefail; "$@" ) >"$log" 2>&1 </dev/null &
    pid=$!
    set +m
    # shellcheck disable=SC2064 # now, as the name is local
    trap "kill -- -$pid 2>/dev/null; say 'interrupted'; exit 130" INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
        if [ $((SECONDS - start)) -ge $next ]; then
            say "$text ... still at it after $next s"
            next=$((next + 20))
        fi
    done
    trap - INT TERM
    if wait "$pid"; then
        [ $((SECONDS - start)) -lt 2 ] || say "$text: done in $((SECONDS - start)) s"
        rm -f "$log"
        return 0
    fi
    say "error: $text failed. Last lines of its output:"
    tail -n 15 "$log" | cut -c1-300 | sed 's/^/    | /' >&2
    cause=$(diagnose "$log")
    say "remedy: ${cause:-$remedy} (full output: $log)"
    exit 1
}
