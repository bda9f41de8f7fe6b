#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The tests, in two runs side by side: the exchange on PostgreSQL, and everything on SQLite and in Chromium. Each run
# is its own process with its own database, folders and ports. The second one's output follows the first one's, so that
# the last line is the summary of the larger run; this ends with an error if either did.
set -uo pipefail
cd "$(dirname "$0")/.."

everything=.build/tests-everything.log
pytest -o cache_dir=.build/pytest-everything >"$everything" 2>&1 &
pid=$!
trap 'kill "$pid" 2>/dev/null' INT TERM

echo "The exchange on PostgreSQL; beside it everything else runs, and is shown after it ($everything)."
pytest --database=postgresql -o cache_dir=.build/pytest-postgresql tests/exchange tests/journey
postgresql=$?

wait "$pid"
rest=$?
cat "$everything"
[ "$postgresql" -eq 0 ] || echo "PostgreSQL: pytest ended with $postgresql, see above." >&2
exit $((postgresql != 0 ? postgresql : rest))
