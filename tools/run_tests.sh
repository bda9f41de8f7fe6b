#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests, in suites of which three run at a time, the longest first and the shortest last: a suite waits for its browser, database and
# services for a good part of its time, in which two would leave a core idle.
# Each suite is its own process with its own database, folders and ports, and is shown when it ends, so that the last line is a summary;
# this ends with an error if any did.
set -uo pipefail
unset PYTHONDONTWRITEBYTECODE # where it is set, every process that a test starts compiles what it imports
cd "$(dirname "$0")/.."

declare -A suites=(
    [portal]="tests/portal --ignore-glob=*/test_device_*"
    [postgresql]="--database=postgresql tests/exchange tests/journey"
    [sqlite]="tests/exchange tests/journey"
    [others]="--ignore=tests/exchange --ignore=tests/journey --ignore=tests/portal"
    [device]="tests/portal --ignore-glob=*/test_portal_*"
)

if [ $# -eq 0 ]; then
    printf '%s\n' postgresql portal others sqlite device | xargs -P 3 -n 1 bash tools/run_tests.sh
    exit
fi

log=".build/tests-$1.log"
echo "$1: running (pytest ${suites[$1]}; $log)"
# shellcheck disable=SC2086 (the options are words)
pytest -o cache_dir=".build/pytest-$1" ${suites[$1]} >"$log" 2>&1
ended=$?
{
    flock 9
    [ "$ended" -eq 0 ] && echo "$1: passed" || echo "$1: pytest ended with $ended"
    cat "$log"
} 9>.build/tests.lock
exit "$ended"
