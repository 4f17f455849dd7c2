#!/bin/sh
# The whole test suite: builds the solution, runs every test program, and ends with one line of totals.
#   build/test.sh [PROJECT...]     e.g. build/test.sh Attune.Models.Tests
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here" || exit 1
echo "Building the solution..." >&2
if ! dotnet build Attune.slnx -c Release -v quiet -nologo; then
    echo "The build failed." >&2
    exit 1
fi

passed=0 failed=0 skipped=0 broken=0
[ $# -gt 0 ] || set -- $(ls tests | grep '\.Tests$')
for project in "$@"; do
    program="artifacts/bin/$project/release/$project"
    log="artifacts/$project.log"
    echo "== $project" >&2
    "$program" -xml "artifacts/$project.xml" >"$log" 2>&1    # the first says how long each test took
    code=$?
    # xunit's last line: "   Attune.X.Tests  Total: 9, Errors: 0, Failed: 0, Skipped: 1, Not Run: 0, Time: 1.2s"
    line=$(grep -E 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        tail -n 40 "$log"
        echo "$project ended without a summary (exit code $code)"
        broken=$((broken + 1))
        continue
    fi

    number() { echo "$line" | sed -E "s/.*$1: ([0-9]+).*/\1/"; }
    bad=$(($(number Failed) + $(number Errors)))
    if [ "$bad" -gt 0 ] || [ "$code" -ne 0 ]; then
        cat "$log"
    else
        echo "$line"
    fi
    grep -E '\[SKIP\]' "$log" | sed 's/^/  /' | head -n 5
    failed=$((failed + bad))
    skipped=$((skipped + $(number Skipped)))
    passed=$((passed + $(number Total) - bad - $(number Skipped)))
done

failed=$((failed + broken))
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
