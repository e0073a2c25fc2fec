#!/bin/sh
# console.sh DOGBERRY MAKE_PRESETS FOLDER [MACHINE...]: console.mjs, or 77 (skipped) where there is no node for it.
# SPDX-License-Identifier: MIT
command -v node > /dev/null || {
    echo "skipped: node is not installed"
    exit 77
}
exec node "$(dirname "$0")/console.mjs" "$@"
