#!/bin/sh
# The check of the runtime's bounds notices what it is there for: each mistake is planted in a copy of the
# runtime, and must be found.
#     check_fails.sh SOURCE_DIR
# SPDX-License-Identifier: MIT
set -eu
source_dir=$1
for tool in riscv64-unknown-elf-gcc node; do
    if ! command -v $tool >/dev/null; then
        echo "skipped: no $tool"
        exit 77
    fi
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tests"
cp -r "$source_dir/runtime" "$work/runtime"
cp -r "$source_dir/tests/bounds" "$work/tests/bounds"
failures=0

check() { # check NAME PATTERN < PLANTED: replaces dogberry_status_name()
    cat >"$work/runtime/src/status.c"
    if node "$work/tests/bounds/bounds.mjs" "$work" "RV32IMC -Os" >"$work/out" 2>&1; then
        echo "FAILED: $1 was not noticed"
        failures=1
    elif ! grep -q "$2" "$work/out"; then
        echo "FAILED: $1 was noticed in other words:"
        head -3 "$work/out"
        failures=1
    fi
}

check "recursion" "recursion: " <<'END'
const char *dogberry_status_name(int status);
static int depth(const volatile int *n) { return *n == 0 ? 0 : 1 + dogberry_status_name(*n)[0]; }
const char *dogberry_status_name(int status) { return depth(&status) ? "a" : "b"; }
END
check "a frame of any size" "its frame is not known" <<'END'
void *memset(void *, int, __SIZE_TYPE__);
const char *dogberry_status_name(int status)
{
    char room[status];
    memset(room, status, (unsigned)status);
    return room[status / 2] ? "a" : "b";
}
END
check "a call through a pointer" "calls through a pointer" <<'END'
const char *dogberry_status_name(int status) { return (*(const char *(**)(int))status)(status) + 1; }
END
check "a variable" "variables of its own" <<'END'
int dogberry_count;
const char *dogberry_status_name(int status) { return dogberry_count++ + status ? "a" : "b"; }
END
check "the heap" "lacks: malloc" <<'END'
void *malloc(__SIZE_TYPE__);
const char *dogberry_status_name(int status) { return malloc((unsigned)status); }
END
check "a deep stack" "bytes of stack, more than" <<'END'
void *memset(void *, int, __SIZE_TYPE__);
const char *dogberry_status_name(int status)
{
    volatile char room[3000];
    memset((char *)room, status, sizeof room);
    return room[status] ? "a" : "b";
}
END
[ $failures -eq 0 ] && echo "all six mistakes noticed"
exit $failures
