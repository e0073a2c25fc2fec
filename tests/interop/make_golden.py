#!/usr/bin/env python3
"""Writes golden/: safetensors files that must be read, and ones that must be refused.

Run once, here; the files are committed. `ok/python.safetensors` comes from the Python package
`safetensors` (skipped where that is not installed), the others are put together byte by byte.

SPDX-License-Identifier: MIT
"""
import json
import math
import pathlib
import struct

HERE = pathlib.Path(__file__).parent / "golden"


def build(header, data=b"", pad=True, length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    if pad:
        text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(begin, end, shape, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def floats(*values):
    return struct.pack(f"<{len(values)}f", *values)


SIX = floats(1, 2, 3, 4, 5, 6)

OK = {
    "one": build({"a": tensor(0, 24, [2, 3])}, SIX),
    "metadata": build({"__metadata__": {"format": "pt"}, "a": tensor(0, 24, [6])}, SIX),
    "out-of-order": build({"b": tensor(8, 24, [4]), "a": tensor(0, 8, [2])}, SIX),
    "unpadded": build(b'{"a":{"dtype":"F32","shape":[6],"data_offsets":[0,24]}}', SIX, pad=False),
    "scalar": build({"a": tensor(0, 4, [])}, floats(7)),
    "empty-tensor": build({"a": tensor(0, 24, [6]), "b": tensor(24, 24, [0, 5])}, SIX),
    "no-tensor": build({}),
}

BAD = {
    "empty": b"",
    "seven-bytes": b"\x08\0\0\0\0\0\0",
    "header-past-end": build({"a": tensor(0, 24, [6])}, SIX, length=4096),
    "header-giant": build({"a": tensor(0, 24, [6])}, SIX, length=1 << 62),
    "header-all-ones": build({"a": tensor(0, 24, [6])}, SIX, length=(1 << 64) - 1),
    "not-json": build(b"{\"a\":", SIX),
    "array": build(b"[1, 2]", SIX),
    "duplicate-key": build(b'{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},'
                           b'"a":{"dtype":"F32","shape":[3],"data_offsets":[12,24]}}', SIX),
    "entry-not-object": build({"a": 5}, SIX),
    "no-dtype": build({"a": {"shape": [6], "data_offsets": [0, 24]}}, SIX),
    "float16": build({"a": tensor(0, 24, [12], "F16")}, SIX),
    "no-shape": build({"a": {"dtype": "F32", "data_offsets": [0, 24]}}, SIX),
    "shape-negative": build({"a": tensor(0, 24, [-6])}, SIX),
    "shape-real": build({"a": tensor(0, 24, [6.0])}, SIX),
    "shape-overflow": build({"a": tensor(0, 24, [1 << 62, 1 << 62])}, SIX),
    "shape-wraps-to-right": build({"a": tensor(0, 24, [1 << 32, 1 << 32, 6])}, SIX),
    "five-dimensions": build({"a": tensor(0, 24, [1, 1, 1, 1, 6])}, SIX),
    "no-offsets": build({"a": {"dtype": "F32", "shape": [6]}}, SIX),
    "one-offset": build({"a": {"dtype": "F32", "shape": [6], "data_offsets": [0]}}, SIX),
    "offset-negative": build({"a": tensor(-4, 20, [6])}, SIX),
    "offsets-swapped": build({"a": tensor(24, 0, [6])}, SIX),
    "offset-past-end": build({"a": tensor(0, 28, [7])}, SIX),
    "offset-huge": build({"a": tensor((1 << 63) - 1, (1 << 63) - 1, [0]), "b": tensor(0, 24, [6])}, SIX),
    "offset-beyond-64-bits": build({"a": tensor(0, 1 << 64, [6])}, SIX),
    "size-mismatch": build({"a": tensor(0, 24, [5])}, SIX),
    "overlap": build({"a": tensor(0, 16, [4]), "b": tensor(8, 24, [4])}, SIX),
    "same-place": build({"a": tensor(0, 24, [6]), "b": tensor(0, 24, [6])}, SIX),
    "hole": build({"a": tensor(0, 8, [2]), "b": tensor(16, 24, [2])}, SIX),
    "trailing-data": build({"a": tensor(0, 20, [5])}, SIX),
    "long-name": build({"a" * 200: tensor(0, 24, [6])}, SIX),
    "not-a-number": build({"a": tensor(0, 24, [6])}, floats(1, 2, 3, math.nan, 5, 6)),
    "infinite": build({"a": tensor(0, 24, [6])}, floats(1, 2, 3, 4, 5, -math.inf)),
}


def main():
    for folder, files in (("ok", OK), ("must-fail", BAD)):
        (HERE / folder).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (HERE / folder / f"{name}.safetensors").write_bytes(content)
    try:
        import numpy
        from safetensors.numpy import save_file
    except ImportError:
        print("safetensors is not installed: ok/python.safetensors left as it is")
        return
    save_file({"b.weight": numpy.arange(12, dtype=numpy.float32).reshape(3, 4), "b.bias": numpy.zeros(3, numpy.float32)},
              HERE / "ok" / "python.safetensors", metadata={"made": "by the Python package"})


if __name__ == "__main__":
    main()
