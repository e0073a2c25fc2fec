#!/usr/bin/env python3
"""Prints runtime/src/lowercase_table.c: the simple lower-case mappings above ASCII as runs.

    python3 tools/make_lowercase.py > runtime/src/lowercase_table.c

The committed file was made with Unicode 14.0 (Python 3.11); a later Unicode adds mappings
and so changes what some texts are split into: raise the image format version with it.
SPDX-License-Identifier: MIT
"""
import sys
import unicodedata


def mappings():
    """Code point -> its simple lower case (Python's full mapping differs in U+0130 alone)."""
    result = {}
    for point in range(0x80, 0x110000):
        lower = "i" if point == 0x130 else chr(point).lower()
        if lower != chr(point):
            assert len(lower) == 1
            result[point] = ord(lower)
    return result


def runs(lower):
    """Greedy runs (first, last, step, delta) with step 1 or 2, each within 256 code points."""
    points = sorted(lower)
    delta = {p: lower[p] - p for p in points}
    result = []
    at = 0
    while at < len(points):
        first = points[at]
        best = (0, 1)
        for step in (1, 2):
            length = 0
            while delta.get(first + (length + 1) * step) == delta[first] and (length + 1) * step < 256 \
                    and points[at + length + 1] == first + (length + 1) * step:
                length += 1
            best = max(best, (length, step), key=lambda b: b[0])
        length, step = best
        result.append((first, first + length * step, step, delta[first]))
        at += length + 1
    return result


def main():
    found = runs(mappings())
    print("/*\n * Simple lower case above ASCII, Unicode %s. Made by tools/make_lowercase.py; do not edit.\n *\n"
          " * SPDX-License-Identifier: MIT\n */\n#include \"unicode.h\"\n\n/* clang-format off */" % unicodedata.unidata_version)
    print("const dogberry_case_run dogberry_case_runs[] = {")
    for first, last, step, delta in found:
        print("    {0x%04X, %d, %d, 0x%04X}," % (first & 0xFFFF, last - first, step, delta & 0xFFFF))
    print("};")
    print("const uint16_t dogberry_case_count = %d, dogberry_case_supplementary = %d;"
          % (len(found), sum(1 for run in found if run[0] < 0x10000)))
    assert all(run[0] < 0x20000 for run in found)


if __name__ == "__main__":
    sys.exit(main())
