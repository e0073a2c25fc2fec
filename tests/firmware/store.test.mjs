// Several models in flash: each says what it says on the PC, whatever became of the others.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { boot, file, makeStore, MODELS, modelReplies } from './board.mjs';

const LINE = 'who goes there';
const images = () => MODELS.map((name) => readFileSync(file(`${name}.dog`)));
const digestOf = (name) => modelReplies(name, '1', '40', LINE)[0].digest;

test('three models in one store are switched between', () => {
  const { talk, greeting } = boot({ model: makeStore(images()) });
  assert.match(greeting, /3 models, \d+ bytes checked in \d+ ms/);
  assert.match(greeting, /3 models in flash/);
  assert.equal(talk.say(LINE).digest, digestOf('tiny'));
  for (const [name, use] of [['third', 'third'], ['second', '2'], ['tiny', 'random'], ['third', '3']]) {
    assert.match(talk.command(`/use ${use}`), /golden vector ok/);
    assert.equal(talk.say(LINE).digest, digestOf(name));
  }
  assert.match(talk.command('/models'), /^ {2}1 random: .*; ok\n {2}2 second: .*; ok\n\* 3 third: .*; in use\nfree: /);
});

test('the bench says what a token costs', () => {
  const { talk } = boot({ model: makeStore(images()) });
  const rows = talk.bench();
  assert.ok(rows.length >= 1);
  for (const { micros, cycles, digest } of rows) {
    assert.ok(Math.abs(cycles - micros * 125) <= 125, `${micros} us and ${cycles} cycles`);
    assert.equal(digest, rows[0].digest);
  }
  assert.equal(talk.say(LINE).digest, digestOf('tiny'));
});
