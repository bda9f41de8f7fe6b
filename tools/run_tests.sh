#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests, in three lines side by side, because each waits more than it works: the exchange on PostgreSQL; the portal in
# Chromium; and all the rest, on SQLite. Each is its own process with its own database, folders and ports. One is shown
# while it runs and the others after it, so that the last line is a summary; this ends with an error if any of them did.
set -uo pipefail
cd "$(dirname "$0")/.."

run() (
    line=$1
    shift
    exec pytest -o cache_dir=".build/pytest-$line" "$@"
)

run postgresql --database=postgresql tests/exchange tests/journey >.build/tests-postgresql.log 2>&1 &
postgresql=$!
run rest --ignore=tests/portal >.build/tests-rest.log 2>&1 &
rest=$!
trap 'kill "$postgresql" "$rest" 2>/dev/null' INT TERM

echo "The portal in Chromium. Beside it run the exchange on PostgreSQL and all the rest, and are shown after it (.build/tests-*.log)."
run portal tests/portal
ended=("portal $?")
for line in "postgresql $postgresql" "rest $rest"; do
    wait "${line#* }"
    ended+=("${line% *} $?")
    cat ".build/tests-${line% *}.log"
done

worst=0
for line in "${ended[@]}"; do
    [ "${line#* }" -eq 0 ] && continue
    echo "${line% *}: pytest ended with ${line#* }, see above." >&2
    worst=${line#* }
done
exit "$worst"
