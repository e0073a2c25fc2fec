#!/usr/bin/env python3
"""Reads a model directory with the standard Python packages and nothing of Dogberry's.

    pip install safetensors tokenizers numpy
    tools/check_model_dir.py DIR [TEXT]

Checks names, shapes and sizes against config.json, lets `tokenizers` encode TEXT (default: the
directory's calibration.txt), runs the model over it in numpy and prints the loss: the same figure
that `dogberry eval DIR TEXT` prints, if both packages and we mean the same thing.

SPDX-License-Identifier: MIT
"""
import json
import pathlib
import sys
import zlib

import numpy
from safetensors.numpy import load_file
from tokenizers import Tokenizer

GATES = {"lstm": 4, "gru": 3}


def expected_shapes(config):
    v, e, h = config["vocabulary_size"], config["embedding_size"], config["hidden_size"]
    g = GATES[config["architecture"]]
    shapes = {"embedding.weight": (v, e), "output.bias": (v,)}
    for n in range(config["layers"]):
        shapes[f"layers.{n}.weight_input"] = (g * h, e if n == 0 else h)
        shapes[f"layers.{n}.weight_recurrent"] = (g * h, h)
        shapes[f"layers.{n}.bias"] = (g * h,)
        if config["architecture"] == "gru":
            shapes[f"layers.{n}.bias_recurrent"] = (h,)
    if config["output"] == "dense":
        shapes["output.weight"] = (v, h)
    return shapes


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def lstm(w_in, w_rec, bias, x, h, c):
    i, f, g, o = numpy.split(w_in @ x + w_rec @ h + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * numpy.tanh(g)
    return sigmoid(o) * numpy.tanh(c), c


def gru(w_in, w_rec, bias, bias_rec, x, h, c):
    xr, xz, xn = numpy.split(w_in @ x + bias, 3)
    hr, hz, hn = numpy.split(w_rec @ h, 3)
    n = numpy.tanh(xn + sigmoid(xr + hr) * (hn + bias_rec))
    z = sigmoid(xz + hz)
    return (1 - z) * n + z * h, c


def loss(config, tensors, documents, limit=2000):
    """Mean -ln p over the documents (lists of ids), each from zero state and the start token."""
    layers, size = range(config["layers"]), config["hidden_size"]
    step = lstm if config["architecture"] == "lstm" else gru
    names = ["weight_input", "weight_recurrent", "bias"] + (["bias_recurrent"] if step is gru else [])
    weights = [[tensors[f"layers.{n}.{name}"] for name in names] for n in layers]
    matrix = tensors.get("output.weight", tensors["embedding.weight"])
    total, count = 0.0, 0
    for ids in documents:
        state = [(numpy.zeros(size), numpy.zeros(size)) for _ in layers]
        fed = config["start_token"]
        for target in ids:
            x = tensors["embedding.weight"][fed]
            for n in layers:
                state[n] = step(*weights[n], x, *state[n])
                x = state[n][0]
            logits = matrix @ x + tensors["output.bias"]
            top = logits.max()
            total += top + numpy.log(numpy.exp(logits - top).sum()) - logits[target]
            count += 1
            fed = target
            if count == limit:
                return total / count, count
    return total / count, count


def main():
    folder = pathlib.Path(sys.argv[1])
    config = json.loads((folder / "config.json").read_text())
    for name, checksum in config["checksums"].items():
        if checksum != f"crc32:{zlib.crc32((folder / name).read_bytes()):08x}":
            sys.exit(f"{name} does not have the checksum that config.json gives")
    tensors = load_file(folder / "model.safetensors")
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if shapes != expected_shapes(config):
        sys.exit(f"tensors differ from config.json: {shapes} where {expected_shapes(config)} was expected")
    if any(tensor.dtype != numpy.float32 for tensor in tensors.values()):
        sys.exit("a tensor is not float32")
    parameters = sum(tensor.size for tensor in tensors.values())
    if parameters != config["parameters"]:
        sys.exit(f"{parameters} parameters, config.json says {config['parameters']}")
    print(f"safetensors: {len(tensors)} tensors, {parameters} parameters, as config.json says")

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    if tokenizer.get_vocab_size() != config["vocabulary_size"]:
        sys.exit(f"tokenizers: {tokenizer.get_vocab_size()} entries, config.json says {config['vocabulary_size']}")
    text = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "calibration.txt"
    end = config["start_token"]
    documents = [tokenizer.encode(document.strip()).ids + [end]
                 for document in text.read_text().split("<|endoftext|>\n")]
    print(f"tokenizers: {config['vocabulary_size']} entries; {text} is {sum(map(len, documents))} tokens, "
          f"beginning with {tokenizer.encode(text.read_text()[:200]).tokens[:12]}")

    nats, count = loss(config, {name: tensor.astype(numpy.float64) for name, tensor in tensors.items()}, documents)
    print(f"numpy: {nats:.4f} nats per token over {count} tokens (no model: {numpy.log(config['vocabulary_size']):.4f})")


if __name__ == "__main__":
    main()
