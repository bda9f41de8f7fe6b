#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests, in two lines side by side: the exchange on PostgreSQL and then the portal in Chromium; and all the rest, on
# SQLite. Each run is its own process with its own database, folders and ports. The rest's output follows the others', so
# that the last line is its summary; this ends with an error if any run did.
set -uo pipefail
cd "$(dirname "$0")/.."

rest=.build/tests-rest.log
pytest -o cache_dir=.build/pytest-rest --ignore=tests/portal >"$rest" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null' INT TERM

echo "The exchange on PostgreSQL, then the portal; beside them runs all the rest, and is shown after them ($rest)."
pytest --database=postgresql -o cache_dir=.build/pytest-postgresql tests/exchange tests/journey
postgresql=$?
pytest -o cache_dir=.build/pytest-portal tests/portal
portal=$?

wait "$pid"
others=$?
cat "$rest"
for run in "PostgreSQL $postgresql" "portal $portal" "rest $others"; do
    [ "${run#* }" -eq 0 ] || echo "${run% *}: pytest ended with ${run#* }, see above." >&2
done
exit $((postgresql != 0 ? postgresql : portal != 0 ? portal : others))
