# Shared by the scripts here: a folder that goes away, and checks that count failures.
# Use: source common.sh; ...; finish
set -u
dogberry=$(realpath "$1")
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder" || exit 2
checks=0
failures=0

failed() {
    failures=$((failures + 1))
    echo "FAILED: $*" | cut -c1-300
}

# succeeds COMMAND...: the command must end with 0. Its output is in ./out and ./err.
succeeds() {
    checks=$((checks + 1))
    "$@" > out 2> err || failed "status $? from: $*: $(head -c 400 err)"
}

# refused STATUS PATTERN COMMAND...: must end with that status and one line on stderr that matches.
refused() {
    local status=$1 pattern=$2
    shift 2
    checks=$((checks + 1))
    "$@" > out 2> err < /dev/null
    local got=$?
    [ $got -eq "$status" ] || failed "status $got instead of $status from: $*: $(head -c 400 err)"
    [ "$(wc -l < err)" -eq 1 ] || failed "$(wc -l < err) lines on stderr instead of 1 from: $*: $(head -c 400 err)"
    grep -qE -- "$pattern" err || failed "no '$pattern' in the message of: $*: $(head -c 400 err)"
}

# holds TEST...: a plain condition.
holds() {
    checks=$((checks + 1))
    "$@" || failed "$*"
}

finish() {
    echo "$((checks - failures)) passed, $failures failed"
    [ "$failures" -eq 0 ]
}
