#!/usr/bin/env bash
# Builds the generic firmware for one machine of machines.sh, or another program in place of the console.
#     build.sh MACHINE OUTPUT.elf [OPTION-OR-SOURCE...]
# The sources given define main() (machine.h); without any they are the console's.
# SPDX-License-Identifier: MIT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$here/machines.sh"

usage() {
    echo "usage: build.sh MACHINE OUTPUT.elf [OPTION-OR-SOURCE...]; machines: ${machines[*]}" >&2
    exit 2
}
[ $# -ge 2 ] && [ -n "${machine_name[$1]:-}" ] || usage
machine=$1
output=$2
shift 2
tool=$(missing_tool_for "$machine")
[ -z "$tool" ] || { echo "skipped: no $tool"; exit 77; }
[ $# -gt 0 ] || set -- -I"$root/firmware/console" -I"$root/firmware/common" -Wconversion -Wshadow \
    "$here/main.c" "$here/serial.c" "$root/firmware/common/stack.c" "$root"/firmware/console/*.c

compile_for "$machine"
build "$output" -DMACHINE_NAME="\"${machine_name[$machine]}\"" "$@"
