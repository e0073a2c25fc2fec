#!/usr/bin/env bash
# Runs a program on an emulated machine, a store or a single image in its memory; its console is standard input and
# output. In a terminal Ctrl-A X ends it, the Xtensa Ctrl-\.
#     run.sh MACHINE PROGRAM.elf STORE [QEMU-OPTION...]
# SPDX-License-Identifier: MIT
set -euo pipefail
. "$(cd "$(dirname "$0")" && pwd)/machines.sh"

if [ $# -lt 3 ] || [ -z "${machine_name[$1]:-}" ]; then
    echo "usage: run.sh MACHINE PROGRAM.elf STORE [QEMU-OPTION...]; machines: ${machines[*]}" >&2
    exit 2
fi
for file in "$2" "$3"; do # QEMU would go on without them
    [ -r "$file" ] || { echo "run.sh: cannot read $file" >&2; exit 1; }
done
machine=$1 program=$2 store=$3
bytes=$(wc -c < "$store")
if [ "$bytes" -gt $((store_mib[$machine] << 20)) ]; then
    echo "run.sh: $store has $bytes bytes; $machine takes ${store_mib[$machine]} MiB" >&2
    exit 1
fi
shift 3
emulate_for "$machine"
command=("${emulate[@]}" -display none -monitor none -kernel "$program"
    -device loader,file="$store",addr="${store_at[$machine]}",force-raw=on "$@")
[ "$machine" = xtensa ] && [ -t 0 ] || exec "${command[@]}"
settings=$(stty -g) # what QEMU does by itself for the others
trap 'stty "$settings"' EXIT
stty -icanon -echo intr undef
"${command[@]}"
