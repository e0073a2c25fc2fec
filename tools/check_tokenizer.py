#!/usr/bin/env python3
"""Compares a model's tokenizer with Hugging Face's `tokenizers` on random texts.

    tools/check_tokenizer.py MODEL_DIR|tokenizer.json ENCODE_IDS [--texts N] [--seed S] [--sample FILE] [--reverse]

ENCODE_IDS is the program of that name in the build folder (tests/text). Both sides must give
the same ids for every text. --reverse: for a BPE, trains another one there on the sample, with the
same pieces and size, and compares that. Needs the Python package `tokenizers`.

SPDX-License-Identifier: MIT
"""
import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

SPECIAL = "\"'\u2018\u2019\u201c\u201d--...!?,;:()[]{}\u00ab\u00bb\u2014\u2013 \t\n\n\r\u00a0\u2003\u3000\ufeff"
RANGES = [(0x20, 0x7E), (0xA0, 0x17F), (0x370, 0x52F), (0x5D0, 0x6FF), (0x900, 0x97F), (0x1E00, 0x20CF), (0x2100, 0x27FF),
          (0x3000, 0x30FF), (0x4E00, 0x4FFF), (0xAC00, 0xACFF), (0xFB00, 0xFFFD), (0x10400, 0x1044F), (0x1F600, 0x1F64F)]
WORDS = "the Dogberry don't I'll o'er 'tis well-known 3.14 CLAUDIO I\u0307stanbul \u0130 Stra\u00dfe \u039f\u0394\u039f\u03a3 " \
        "na\u00efve e\u0301t\u00e9 <unk > end of text <| ab''c a'b'c '''x \"'y'\" ---- .... .. - --- \"\" ''".split()


def random_text(rng, sample):
    """A few dozen fragments: words, punctuation in rows, any Unicode, slices of real text."""
    parts = []
    for _ in range(rng.randrange(1, 40)):
        kind = rng.randrange(5)
        if kind == 0:
            parts.append(rng.choice(WORDS))
        elif kind == 1:
            parts.append("".join(rng.choice(SPECIAL) for _ in range(rng.randrange(1, 6))))
        elif kind == 2:
            low, high = rng.choice(RANGES)
            parts.append("".join(chr(rng.randint(low, high)) for _ in range(rng.randrange(1, 5))))
        elif kind == 3 and sample:
            at = rng.randrange(len(sample))
            parts.append(sample[at:at + rng.randrange(1, 60)])
        else:
            parts.append(rng.choice(" \n'\"-."))
    return "".join(parts).replace("\0", "")


def ours(program, tokenizer, extra, texts):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        arguments = [program, str(tokenizer)]
        if extra is not None:
            json.dump(extra, file)
            file.flush()
            arguments.append(file.name)
        run = subprocess.run(arguments, input=b"".join(t.encode() + b"\0" for t in texts), capture_output=True)
    if run.returncode:
        sys.exit("check_tokenizer: " + run.stderr.decode().strip())
    return [[int(i) for i in line.split()] for line in run.stdout.decode().splitlines()]


def compare(path, program, extra, texts):
    reference = Tokenizer.from_file(str(path))
    reference.encode_special_tokens = True  # text that reads "<unk>" is text, on the device too
    tokens = 0
    for text, got in zip(texts, ours(program, path, extra, texts), strict=True):
        wanted = reference.encode(text, add_special_tokens=False).ids
        tokens += len(wanted)
        if got != wanted:
            at = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
            sys.exit(f"check_tokenizer: differs at token {at} of {text!r}:\n  dogberry     {got[at:at + 10]}\n"
                     f"  tokenizers   {wanted[at:at + 10]}")
    print(f"{len(texts)} texts, {tokens} tokens: identical")


def train_there(path, sample, folder):
    """A BPE trained by the other software with the pieces of the given one."""
    tokenizer = Tokenizer.from_file(str(path))
    size = tokenizer.get_vocab_size()
    trained = Tokenizer(models.BPE())
    trained.pre_tokenizer, trained.decoder = tokenizer.pre_tokenizer, tokenizer.decoder
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=["<|endoftext|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    trained.train_from_iterator(sample.splitlines(keepends=True), trainer)
    trained.save(str(folder / "tokenizer.json"))
    return folder / "tokenizer.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("encode_ids")
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", help="a text file to take slices from")
    parser.add_argument("--reverse", action="store_true", help="also a BPE trained there")
    options = parser.parse_args()
    path = pathlib.Path(options.model)
    path = path / "tokenizer.json" if path.is_dir() else path
    config = path.parent / "config.json"
    extra = json.loads(config.read_text()).get("tokenizer") if config.exists() else None
    sample = pathlib.Path(options.sample).read_text(errors="replace") if options.sample else ""
    rng = random.Random(options.seed)
    texts = [random_text(rng, sample) for _ in range(options.texts)]
    texts += [sample[i:i + 20000] for i in range(0, min(len(sample), 200000), 20000)]
    file = json.loads(path.read_text())
    vocab = file["model"]["vocab"]
    if file["model"]["type"] == "WordPiece" and "<unk>" not in vocab:  # that software cannot leave unknown text out
        known = {c for c in vocab if len(c) == 1}
        known |= {c.upper() for c in known if file["normalizer"] and "a" <= c <= "z"}
        texts = ["".join(c for c in text if c in known) for text in texts]
    compare(path, options.encode_ids, extra, texts)
    if options.reverse:
        with tempfile.TemporaryDirectory() as folder:
            compare(train_there(path, sample, pathlib.Path(folder)), options.encode_ids, None, texts)


if __name__ == "__main__":
    main()
