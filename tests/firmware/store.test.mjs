// Several models in flash: each says what it says on the PC, whatever became of the others.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import test from 'node:test';
import { boot, file, makeStore, MODELS, modelReplies, SECTOR } from './board.mjs';

const folder = mkdtempSync(`${tmpdir()}/store-`);
test.after(() => rmSync(folder, { recursive: true }));

const LINE = 'who goes there';
const tiny = () => readFileSync(file('tiny.dog'));
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

// A UF2 file of models alone, as `dogberry export` writes it.
function modelsUf2(names, ...options) {
  const path = `${folder}/models.uf2`;
  const paths = names.map((name) => file(`${name}.dog`));
  execFileSync(process.env.DOGBERRY, ['export', ...paths, '--to', 'uf2', '--model-only', ...options, '-o', path]);
  return readFileSync(path);
}

// Writes the first `blocks` blocks of a UF2 file as the boot ROM does: a sector is erased when its first page comes.
function flash(machine, uf2, blocks = uf2.length / 512) {
  for (let at = 0; at < blocks * 512; at += 512) {
    const offset = uf2.readUInt32LE(at + 12) - 0x10000000;
    if (offset % SECTOR === 0) machine.loadFlash(offset, Buffer.alloc(SECTOR, 0xff));
    machine.loadFlash(offset, uf2.subarray(at + 32, at + 32 + 256));
  }
}

const slots = (name) => Math.ceil(readFileSync(file(`${name}.dog`)).length / SECTOR);

test('a model is replaced and one added without touching the firmware', () => {
  const first = makeStore(images().slice(0, 2));
  const replaced = boot({ model: first, prepare: (machine) => flash(machine, modelsUf2(['third'], '--slot', '0')) });
  assert.match(replaced.greeting, /model third: /);
  assert.equal(replaced.talk.say(LINE).digest, digestOf('third'));
  const free = slots('tiny') + slots('second');
  const { talk } = boot({ model: first, prepare: (machine) => flash(machine, modelsUf2(['third'], '--slot', free)) });
  assert.match(talk.command('/models'), new RegExp(`3 third: .* in slot ${free}, `));
  talk.command('/use third');
  assert.equal(talk.say(LINE).digest, digestOf('third'));
});

test('power lost while a model is replaced costs that model alone', () => {
  const uf2 = modelsUf2(['second'], '--slot', slots('tiny'));
  const blocks = uf2.length / 512;
  for (const written of [1, blocks >> 1, blocks - 16]) {
    const old = images();
    old[1] = Buffer.from(old[1].map((byte, i) => (i < 256 ? byte : byte ^ 0x55))); // what was there before is other
    const { talk, greeting } = boot({ model: makeStore(old), prepare: (machine) => flash(machine, uf2, written) });
    assert.match(greeting, /skipped model 2: DOGBERRY_ERR_CHECKSUM/);
    assert.match(talk.command('/models'), /1 random: .*\n {2}2 \(damaged, in slot \d+\): .*\n {2}3 third: /);
    assert.equal(talk.say(LINE).digest, digestOf('tiny'));
    assert.match(talk.command('/use third'), /golden vector ok/);
    assert.equal(talk.say(LINE).digest, digestOf('third'));
  }
});

test('a store full of garbage, or of two models with one name', () => {
  const garbage = Buffer.alloc(1 << 20);
  for (let i = 0, x = 1; i < garbage.length; i++, x = (x * 48271) % 0x7fffffff) garbage[i] = x;
  assert.match(boot({ model: garbage }).greeting, /no model: DOGBERRY_ERR_MAGIC/);
  const { talk } = boot({ model: makeStore([tiny(), tiny()]) });
  assert.match(talk.command('/use random'), /2 models have this name/);
  assert.match(talk.command('/use 2'), /model random, number 2/);
});
