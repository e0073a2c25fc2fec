#!/bin/sh
# try.sh TEST.mjs: one test of the firmware in the emulator. Exits with 77 (skipped) where prepare.sh had to.
# SPDX-License-Identifier: MIT
set -eu

command -v node >/dev/null || {
    echo "skipped: node is not installed"
    exit 77
}
[ -e "$FIRMWARE_DIR/tiny.dog" ] || {
    echo "skipped: no firmware was built (the test firmware_builds says why)"
    exit 77
}
exec node "$(dirname "$0")/$1"
