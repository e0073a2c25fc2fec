#!/usr/bin/env python3
"""PyTorch's training speed for an LSTM word model, to set beside bench_train's.

The same sizes, batch, window and number of threads; the state is carried from window to window; Adam and clipping by the
global norm. What Dogberry's trainer does beyond this (dropout, dropped recurrent weights, averaging) is left out here,
which is in PyTorch's favour. Tokens are random, which makes no difference to speed.
"""
# SPDX-License-Identifier: MIT
import argparse
import contextlib
import json
import time

import torch


class Model(torch.nn.Module):
    def __init__(self, vocab, embedding, hidden):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab, embedding)
        self.lstm = torch.nn.LSTM(embedding, hidden)
        self.output = torch.nn.Linear(hidden, vocab)

    def forward(self, tokens, state):
        hidden, state = self.lstm(self.embedding(tokens), state)
        return self.output(hidden), state


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vocab", type=int, default=4000)
    parser.add_argument("--embedding", type=int, default=64)
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--window", type=int, default=32)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--bfloat16", action="store_true", help="products in bfloat16, by autocast")
    return parser.parse_args()


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    model = Model(options.vocab, options.embedding, options.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    text = torch.randint(options.vocab, (64 * options.window + 1, options.batch))

    def step(at, state):
        tokens, targets = text[at : at + options.window], text[at + 1 : at + 1 + options.window]
        precision = torch.autocast("cpu", torch.bfloat16) if options.bfloat16 else contextlib.nullcontext()
        with precision:
            logits, state = model(tokens, state)
            loss = torch.nn.functional.cross_entropy(logits.reshape(-1, options.vocab), targets.reshape(-1))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        return tuple(part.detach() for part in state)

    def run(seconds):
        state, words, start = None, 0, time.monotonic()
        while time.monotonic() - start < seconds:
            state = step(words // options.batch % (64 * options.window), state)
            words += options.window * options.batch
        return words / (time.monotonic() - start)

    run(min(2, options.seconds))  # the first steps choose and compile kernels
    print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads(),
                      "bfloat16": options.bfloat16, "words_per_second": run(options.seconds)}))


if __name__ == "__main__":
    main()
