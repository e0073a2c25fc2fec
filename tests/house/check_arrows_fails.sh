#!/usr/bin/env bash
# The arrows script must be able to fail: plants one breach of each kind in a copy.
# Usage: check_arrows_fails.sh ROOT
set -u
root=$1
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
failed=0
plant() { # FILE LINE
    rm -rf "${copy:?}"/*
    mkdir -p "$copy/firmware"
    cp -r "$root/runtime" "$root/host" "$root/cli" "$copy/"
    mkdir -p "$(dirname "$copy/$1")"
    echo "$2" >> "$copy/$1"
    if "$root/tests/house/check_arrows.sh" "$copy" > /dev/null; then
        echo "not noticed: '$2' in $1"
        failed=1
    fi
}
if ! "$root/tests/house/check_arrows.sh" "$root"; then exit 1; fi
plant runtime/src/planted.c '#include "base/error.h"'
plant runtime/src/planted.c '#include <stdio.h>'
plant host/text/planted.c '#include "../../runtime/src/rescale.h"'
plant host/text/planted.c '#include "options.h"'
plant host/text/planted.c 'void f(void) { exit(1); }'
plant firmware/planted.c '#include "base/error.h"'
exit $failed
