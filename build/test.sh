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
# By name: artifacts may still hold test projects that were renamed.
[ -n "$modules" ] || for project in tests/*.Tests; do
    modules="$modules;artifacts/bin/${project#tests/}/release/${project#tests/}.dll"
done

echo "Building the solution..." >&2
if ! dotnet build Attune.slnx -c Release -v quiet -nologo; then
    echo "The build failed." >&2
    exit 1
fi

# Exit code 8 is a program all of whose tests are filtered out. One program at a time in a lane: most use all cores themselves.
set -- --max-parallel-test-modules 1 --ignore-exit-code 8
if $quick; then
    set -f    # the patterns are xunit's, not the shell's
    set -- "$@" --filter-not-class $(grep -v '^#' tests/slow.txt)
fi
rm -rf artifacts/test-results artifacts/test*.log

# Runs the programs of one lane; its output stays in a log of its own, whose last line is the exit code.
run_lane() {
    lane=$1 list=$2
    shift 2
    [ -n "$list" ] || return 0
    { dotnet test --test-modules "${list#;}" --root-directory "$here" "$@" --results-directory "artifacts/test-results/$lane" --report-xunit-xml 2>&1
      echo "exit code $?"; } | tee "artifacts/test-$lane.log"
}

# Threads of libtorch that wait give their core to the other lane.
export OMP_WAIT_POLICY=passive

# Two lanes side by side: what waits for browsers and databases leaves most of a core to what computes.
waiting= computing=
IFS=';'
for module in $modules; do
    case "$module" in
        '') ;;
        */Attune.Web.Tests.dll | */Attune.Feedback.Tests.dll) waiting="$waiting;$module" ;;
        *) computing="$computing;$module" ;;
    esac
done
unset IFS
run_lane waiting "$waiting" "$@" &
run_lane computing "$computing" "$@"
wait

# The summary ends with lines such as "  total: 9", "  failed: 0", "  succeeded: 8", "  skipped: 1"; "  error: 1" counts programs that broke.
set +f
count() { cat artifacts/test-*.log | sed -nE "s/^ *$1: ([0-9]+).*/\1/p" | awk '{ sum += $1 } END { print sum + 0 }'; }
passed=$(count succeeded) failed=$(($(count failed) + $(count error))) skipped=$(count skipped)
# A lane that ends badly for any other reason is a failure too.
if [ "$failed" -eq 0 ] && [ "$(tail -qn 1 artifacts/test-*.log | sort -u)" != "exit code 0" ]; then failed=1; fi
$quick && echo "Left out: the $(grep -vc '^#' tests/slow.txt) lines of tests/slow.txt; ./attune test runs everything." >&2
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
