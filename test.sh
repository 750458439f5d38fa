#!/usr/bin/env bash
# test.sh [--soak] [FILTER]: sets up, builds, runs every test project. The last line is `N passed, N failed, N skipped`.
#   FILTER   only tests whose full name (namespace, class, method) contains it
#   --soak   only the long repetitions, which the gate leaves out: tests with the trait Category=Soak. bench/results/soak.txt keeps
#            what each came to when it ran last.
# Exit code: 0 when something passed and nothing failed. A runner that crashes or hangs counts as a failed test.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")
# shellcheck source=scripts/setup.sh
. "$root/scripts/setup.sh"

configuration=Debug
project_timeout=1200
select=(-trait- Category=Soak)
soak=
if [ "${1:-}" = --soak ]; then
    soak=yes
    select=(-trait Category=Soak)
    project_timeout=14400
    shift
fi
case ${1:-} in
-h | --help)
    sed -n '2,6s/^# \?//p' "$0"
    exit 0
    ;;
-*)
    printf "test.sh: unknown option '%s'; there is --soak, and FILTER: part of a test's name\n" "$1" >&2
    exit 2
    ;;
?*) select+=(-method "*$1*") ;;
esac

# Two projects at a time, for two cores: every test makes namespaces and labs of its own names. The longest come first, in the order of their
# length, so that no core is idle at the end; the others follow.
longest=(Lab Packages Datapath Controller Bench Datapath.Maps Agent StateLog Policy Model)
at_once=2

needs_of_hnv
needs_of_tests
needs_of_packages
[ "$(id -u)" -eq 0 ] || fail "the tests make network namespaces and load eBPF programs: they need root" "Run: sudo ./test.sh"
install_packages
require_dotnet
results=$state/test
rm -rf "$results"
mkdir -p "$results"

# Processes of tests live for seconds: to count for a later, better compilation what they do often costs more than it brings.
export DOTNET_TieredPGO=0

# One compiler for all projects, of this build alone, whatever the environment says: warm, it is twice as fast.
compiler=hnv-test-$$
stop_compiler() {
    local p
    for p in $(grep -slz -- "^-pipename:[h]nv-test-$$\$" /proc/[0-9]*/cmdline || true); do
        p=${p#/proc/}
        kill "${p%/cmdline}" 2>/dev/null || true
    done
}

step "Building"
trap stop_compiler EXIT
if ! dotnet build "$root/Hnv.slnx" -c $configuration -nologo -v q -clp:ErrorsOnly -p:UseSharedCompilation=true -p:SharedCompilationId=$compiler \
    >"$results/build.log" 2>&1; then
    failed_step
    grep -E 'error' "$results/build.log" | sed "s|$root/||g; s| \[/.*||" | sort -u | head -n 30 | sed 's/^/  /' >&2
    echo "The build failed; the whole output: $results/build.log" >&2
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
fi
stop_compiler
done_step

# run PROJECT: leaves PROJECT.{log,xml,rc,ms} in the results.
run() {
    local name=$1 at rc=0
    at=$(now_ms)
    (cd "$root/test/$name/bin/$configuration/net10.0" &&
        exec timeout -k 10 $project_timeout "./$name" "${select[@]}" -noLogo -noColor -noAutoReporters -xml "$results/$name.xml") \
        >"$results/$name.log" 2>&1 </dev/null || rc=$?
    echo $rc >"$results/$name.rc"
    echo $(($(now_ms) - at)) >"$results/$name.ms"
}

attribute() { sed -n "s/.*<assembly [^>]*[^-]\b$2=\"\([0-9]*\)\".*/\1/p;T;q" "$1" 2>/dev/null; }

passed=0 failed=0 skipped=0
# report PROJECT: its line, and what went wrong.
report() {
    local name=$1 p=0 f=0 s=0 e=0 rc ms note='' colour=$green
    rc=$(<"$results/$name.rc") ms=$(<"$results/$name.ms")
    if [ -s "$results/$name.xml" ]; then
        p=$(attribute "$results/$name.xml" passed) f=$(attribute "$results/$name.xml" failed)
        s=$(attribute "$results/$name.xml" skipped) e=$(attribute "$results/$name.xml" errors)
    fi
    p=${p:-0} s=${s:-0} f=$((${f:-0} + ${e:-0}))
    if [ "$f" -eq 0 ] && [ "$rc" -ne 0 ]; then
        f=1
        if [ "$rc" -eq 124 ] || [ "$rc" -eq 137 ]; then note=" (the runner did not end within $project_timeout s)"; else note=" (the runner ended with $rc)"; fi
    fi
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    [ $((p + f + s)) -gt 0 ] || return 0
    [ "$f" -eq 0 ] || colour=$red
    printf '%s%-24s%s %5d passed %4d failed %4d skipped  %6d.%d s%s\n' "$colour" "$name" "$plain" "$p" "$f" "$s" $((ms / 1000)) $((ms % 1000 / 100)) "$note"
    if [ "$f" -gt 0 ]; then
        grep -vE '^ *(Discovering|Discovered|Starting|Finished):|^=== TEST|^ +[A-Za-z.]+ +Total:|MethodBaseInvoker' "$results/$name.log" | tail -n 200 || true
    elif [ "$s" -gt 0 ]; then
        grep -A1 -F '[SKIP]' "$results/$name.log" || true
    fi
}

projects=()
for name in "${longest[@]/%/.Tests}"; do projects+=("Hnv.$name"); done
for project in "$root"/test/*/*.Tests.csproj; do
    name=$(basename "$project" .csproj)
    [[ " ${projects[*]} " == *" $name "* ]] || projects+=("$name")
done
for name in "${projects[@]}"; do
    [ -x "$root/test/$name/bin/$configuration/net10.0/$name" ] || fail "$name was not built" "Is it in Hnv.slnx?"
done

# record_soak: a line for each soak test that ran: its name, result, seconds, date, commit. Those of earlier runs stay where it did not run.
record_soak() {
    local record=$root/bench/results/soak.txt run changed=''
    # The record and the figures beside it change nothing of what ran.
    [ -z "$(git -C "$root" status --porcelain -- . ':!bench/results')" ] || changed=-dirty
    run="$(date -u +%F)\t$(git -C "$root" rev-parse --short HEAD)$changed"
    {
        # awk, since grep fails where no test ran.
        cat "$results"/*.xml | awk 'BEGIN { RS = ">" } /<test /' |
            sed -n "s/.* name=\"\([^\"]*\)\" result=\"\([A-Za-z]*\)\" time=\"\([0-9]*\).*/\1\t\2\t\3 s\t$run/p" | sed 's/\\*&quot;/"/g'
        [ ! -e "$record" ] || cat "$record"
    } | sort -t $'\t' -k 1,1 -s -u >"$record.new"
    mv "$record.new" "$record"
}

declare -A running=()
# end_one: waits until one of the running projects ends, and reports it.
end_one() {
    local pid names="${running[*]}"
    working "${names// /, } "
    wait -n -p pid "${!running[@]}" || true
    worked
    if [ -t 2 ]; then
        if [ "${TERM:-dumb}" = dumb ]; then echo >&2; else printf '\r\e[K' >&2; fi
    fi
    report "${running[$pid]}"
    unset "running[$pid]"
}
for name in "${projects[@]}"; do
    [ ${#running[@]} -lt $at_once ] || end_one
    run "$name" &
    running[$!]=$name
done
while [ ${#running[@]} -gt 0 ]; do end_one; done
[ -z "$soak" ] || record_soak

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
