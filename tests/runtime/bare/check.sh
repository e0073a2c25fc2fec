#!/usr/bin/env bash
# The golden vectors of small images of every kind, written on this machine, reproduced by bare 32-bit machines in
# QEMU: the same tokens everywhere.
#     check.sh SOURCE_DIR FUZZ_IMAGE_PROGRAM
# SPDX-License-Identifier: MIT
set -euo pipefail
generic=$1/firmware/generic
here=$1/tests/runtime/bare
. "$generic/machines.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/images"
"$2" -write "$work/images"
cat "$work"/images/* > "$work/store"
count=$(ls "$work/images" | wc -l)

status=0
for machine in "${machines[@]}"; do
    tool=$(missing_tool_for "$machine")
    [ -z "$tool" ] || { echo "$machine: skipped: no $tool"; status=77; continue; }
    "$generic/build.sh" "$machine" "$work/verify.elf" "$here/verify.c"
    said=$(timeout 60 "$generic/run.sh" "$machine" "$work/verify.elf" "$work/store" < /dev/null) || true
    if [ "${#said}" -ne "$count" ]; then
        echo "$machine: a golden vector was not reproduced: ${#said} of $count; it said: $said"
        exit 1
    fi
    echo "$machine: $count golden vectors reproduced"
done
exit $status
