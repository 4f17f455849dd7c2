#!/bin/sh
# The test suite by `dotnet test` (Microsoft.Testing.Platform): builds the solution, runs the test programs, and ends with one line of totals.
#   build/test.sh                          everything
#   build/test.sh --quick                  without the classes in tests/slow.txt: under two minutes on two cores, after the build
#   build/test.sh [--quick] PROJECT...     e.g. build/test.sh Attune.Models.Tests
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here" || exit 1

quick=false modules=
for argument in "$@"; do
    case "$argument" in
        --quick) quick=true ;;
        -*) echo "build/test.sh: unknown option $argument; expected --quick or names of test projects" >&2; exit 2 ;;
        *)
            [ -d "tests/$argument" ] || { echo "build/test.sh: there is no tests/$argument" >&2; exit 2; }
            modules="$modules;artifacts/bin/$argument/release/$argument.dll"
            ;;
    esac
done
# By name: artifacts may still hold test projects that were renamed. Those that take longest begin first.
[ -n "$modules" ] || for project in Web Cli Packages Methods Models Feedback $(ls tests | sed -nE 's/^Attune\.(.*)\.Tests$/\1/p'); do
    case "$modules;" in *"/Attune.$project.Tests.dll;"*) continue ;; esac
    modules="$modules;artifacts/bin/Attune.$project.Tests/release/Attune.$project.Tests.dll"
done

echo "Building the solution..." >&2
if ! dotnet build Attune.slnx -c Release -v quiet -nologo; then
    echo "The build failed." >&2
    exit 1
fi

# As many programs at a time as there are processors, each of which computes on one: threads that wait for each other's would cost more.
# A single program gets them all.
processors=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
case "${modules#;}" in
    *';'*) export DOTNET_PROCESSOR_COUNT=1 OMP_NUM_THREADS=1 ;;
esac
# Exit code 8 is a program all of whose tests are filtered out.
set -- --max-parallel-test-modules "$processors" --ignore-exit-code 8
if $quick; then
    set -f    # the patterns are xunit's, not the shell's
    set -- "$@" --filter-not-class $(grep -v '^#' tests/slow.txt)
fi
rm -rf artifacts/test-results artifacts/test*.log

{ dotnet test --test-modules "${modules#;}" --root-directory "$here" "$@" --results-directory artifacts/test-results --report-xunit-xml 2>&1
  echo "exit code $?"; } | tee artifacts/test.log

# The summary ends with lines such as "  total: 9", "  failed: 0", "  succeeded: 8", "  skipped: 1"; "  error: 1" counts programs that broke.
set +f
count() { sed -nE "s/^ *$1: ([0-9]+).*/\1/p" artifacts/test.log | awk '{ sum += $1 } END { print sum + 0 }'; }
passed=$(count succeeded) failed=$(($(count failed) + $(count error))) skipped=$(count skipped)
# A run that ends badly for any other reason is a failure too.
if [ "$failed" -eq 0 ] && [ "$(tail -n 1 artifacts/test.log)" != "exit code 0" ]; then failed=1; fi
$quick && echo "Left out: the $(grep -vc '^#' tests/slow.txt) lines of tests/slow.txt; ./attune test runs everything." >&2
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
