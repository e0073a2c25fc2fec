#!/usr/bin/env bash
# The same images, prompt and seed on every machine that the runtime is promised for: a table of digests, and
# failure if any differs. Machines whose tools are missing are skipped, and said to be; the status is 77 then.
#     compare.sh MAKE_PRESETS TALK_HOST FOLDER [IMAGE...]
# FOLDER receives images, programs and results. IMAGE: names of those to take, as "char-int8"; all if none.
# SPDX-License-Identifier: MIT
set -euo pipefail

make_presets=$1
talk_host=$2
mkdir -p "$3"
work=$(cd "$3" && pwd)
shift 3
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

. "$here/machines.sh"

# Says why a machine cannot be had; nothing if it can.
why_not() { # why_not COLUMN
    local tool
    for tool in $(needs_of "$1"); do
        command -v "$tool" > /dev/null || { echo "no such tool: $tool"; return; }
    done
}

# Runs every image on one machine: a file a cell, with the digest or what went wrong.
fill_column() { # fill_column COLUMN
    local column=$1 built=1 name cell said reason
    mkdir -p "$work/$column"
    rm -f "$work/$column"/*
    reason=$(why_not "$column")
    if [ -z "$reason" ] && ! build_for "$column" "$work/$column/program" > "$work/$column/log" 2>&1; then
        reason=$(sed -n 's/^skipped: //p' "$work/$column/log")
        [ -n "$reason" ] || { sed "s/^/$column: /" "$work/$column/log" >&2; built=0; }
    fi
    [ -z "$reason" ] || echo "$reason" > "$work/$column/skipped"
    for name in "${images[@]}"; do
        cell=FAILED
        if [ -n "$reason" ]; then
            cell=skipped
        elif [ $built = 1 ]; then
            said=$(run_on "$column" "$work/$column/program" "$work/images/$name.dog" 2>&1 < /dev/null) || true
            cell=$(sed -n 's/^digest \([0-9a-f]\{8\}\) logits [0-9a-f]\{8\} tokens 24 golden ok kernels .*$/\1/p' <<< "$said")
            sed -n 's/.* logits \([0-9a-f]*\) .*/\1/p' <<< "$said" > "$work/$column/$name.logits"
            sed -n 's/.* kernels //p' <<< "$said" > "$work/$column/kernels"
            [ -n "$cell" ] || { cell=FAILED; echo "$column: $name: ${said:-said nothing}" >&2; }
        fi
        echo "$cell" > "$work/$column/$name"
    done
}

# As many machines at a time as there are processors.
fill_table() {
    local column
    for column in "${columns[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || true; done
        fill_column "$column" &
    done
    wait
}

print_table() {
    local name column
    printf '%-20s' ''
    for column in "${columns[@]}"; do printf ' %-9s' "${title[$column]}"; done
    for name in "${images[@]}"; do
        printf '\n%-20s' "$name"
        for column in "${columns[@]}"; do printf ' %-9s' "$(cat "$work/$column/$name")"; done
    done
    printf '\n'
    for column in "${columns[@]}"; do
        printf '  %-9s %s' "${title[$column]}" "${meaning[$column]}"
        [ ! -s "$work/$column/kernels" ] || printf '; kernels: %s' "$(cat "$work/$column/kernels")"
        [ ! -e "$work/$column/skipped" ] || printf ': skipped: %s' "$(cat "$work/$column/skipped")"
        printf '\n'
    done
}

# How many different lines these files have, but for "skipped".
count_different() { (cd "$work" && cat "$@" 2> /dev/null) | grep -v '^skipped$' | sort -u | wc -l; }

# Every row has one digest of tokens and one of logits, and no machine failed.
verdict() {
    local name failed=0
    for name in "${images[@]}"; do
        if [ "$(count_different "${columns[@]/%//$name}")" -ne 1 ]; then
            echo "$name: not the same everywhere"
            failed=1
        elif [ "$(count_different "${columns[@]/%//$name.logits}")" -ne 1 ]; then
            echo "$name: the same tokens, but not the same logits everywhere:"
            (cd "$work" && grep . "${columns[@]/%//$name.logits}" 2> /dev/null) || true
            failed=1
        fi
    done
    ! grep -rqx FAILED "$work" --include='*-int[48]' || failed=1
    return $failed
}

mkdir -p "$work/images"
rm -f "$work/images"/*
"$make_presets" "$work/images" "$@"
images=("$@")
[ $# -gt 0 ] || mapfile -t images < <(cd "$work/images" && ls -- *.dog | sed 's/\.dog$//')
fill_table
print_table
verdict
missing=$(for column in "${columns[@]}"; do # sets of kernels that this machine's processor lacks are no lack of tools
    [ ! -e "$work/$column/skipped" ] || [ "${meaning[$column]}" = 'this machine' ] || echo -n " ${title[$column]}"
done)
echo "the same tokens and logits everywhere: ${#images[@]} images${missing:+; skipped:$missing}"
[ -z "$missing" ] || exit 77
