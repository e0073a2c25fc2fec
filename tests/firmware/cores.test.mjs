// Both cores and weights streamed from flash: the same words as on one core that reads in place, and as on the PC.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { boot, file, modelReplies } from './board.mjs';

const LINE = 'who goes there';
const image = (name) => readFileSync(file(`${name}.dog`));
const expected = (name = 'second') => modelReplies(name, '1', '40', LINE)[0].digest;
const names = (rows) => rows.map(({ kernels }) => kernels);

function run({ name = 'second', ...options }) {
  const { machine, talk, greeting } = boot({ model: image(name), ...options });
  assert.match(greeting, /golden vector ok/);
  talk.command('/copy 0');
  assert.equal(talk.say(LINE).digest, expected(name));
  const rows = talk.bench();
  for (const { digest } of rows) assert.equal(digest, rows[0].digest);
  return { machine, talk, rows };
}

test('both cores share the rows, and weights are streamed', () => {
  const { machine, rows } = run({});
  assert.deepEqual(names(rows), ['both cores, DMA', 'both cores', 'one core']);
  assert.ok(machine.cycles().core1.worked > 100000);
  assert.ok(machine.flashUse().direct.transfers > 1000);
  const [streamed, shared, one] = rows;
  assert.ok(streamed.cycles < one.cycles, `${streamed.cycles} cycles streamed, ${one.cycles} in place`);
  assert.ok(shared.cycles < one.cycles, `${shared.cycles} cycles on two cores, ${one.cycles} on one`);
  assert.ok(streamed.flashMisses < one.flashMisses);
});

// Two groups of columns, so that a chunk's scales are elsewhere than the first's; rows that are no whole blocks.
test('blocks of 4 bits are shared and streamed with their scales', () => {
  const { machine, rows } = run({ name: 'four_bits' });
  assert.deepEqual(names(rows), ['both cores, DMA', 'both cores', 'one core']);
  assert.ok(machine.cycles().core1.worked > 100000);
  assert.ok(machine.flashUse().direct.transfers > 1000);
});

// Of a ReLU's second matrix only the columns of what is not zero are read, core 0 reading and core 1 multiplying.
for (const name of ['columns', 'columns_four']) {
  test(`zeros are skipped on both cores and streamed: ${name}`, () => {
    const { machine, rows } = run({ name });
    assert.deepEqual(names(rows), ['both cores, DMA', 'both cores', 'one core']);
    for (const { skipped } of rows) assert.ok(skipped > 20 && skipped < 80, `${skipped} %`);
    assert.ok(machine.cycles().core1.worked > 100000);
    assert.ok(machine.flashUse().direct.transfers > 1000);
    run({ name, cores: 1 });
    run({ name, flashModel: false });
  });

  test(`a core 1 that stops answering leaves no column out: ${name}`, () => {
    const { machine, talk } = run({ name });
    machine.cores[1].stopped = true;
    talk.command('/reset');
    assert.equal(talk.say(LINE).digest, expected(name));
  });
}

test('a model that fits runs from a copy in RAM, which is faster', () => {
  const { machine, talk } = boot({ model: image('second') });
  const direct = machine.flashUse().direct.transfers;
  const copied = talk.say(LINE);
  assert.equal(copied.digest, expected());
  assert.ok(machine.flashUse().direct.transfers === direct);
  assert.ok(talk.info().arena.copyBytes > 0);
  talk.command('/copy 0');
  const streamed = talk.say(LINE);
  assert.equal(streamed.digest, expected());
  assert.ok(machine.flashUse().direct.transfers > direct + 1000);
  assert.ok(copied.totalCyclesPerToken < streamed.totalCyclesPerToken);
});

test('without core 1 everything runs on core 0', () => {
  assert.deepEqual(names(run({ cores: 1 }).rows), ['one core, DMA', 'one core']);
});

test('where flash cannot be streamed it is read in place', () => {
  assert.deepEqual(names(run({ flashModel: false }).rows), ['both cores', 'one core']);
  assert.deepEqual(names(run({ flashModel: false, cores: 1 }).rows), ['one core']);
});

test('a core 1 that stops answering is given up', () => {
  const { machine, talk } = run({});
  machine.cores[1].stopped = true;
  talk.command('/reset');
  assert.equal(talk.say(LINE).digest, expected());
  const before = machine.seconds;
  talk.command('/reset');
  assert.equal(talk.say(LINE).digest, expected());
  assert.ok(machine.seconds - before < 1, 'it is waited for once, not every time');
});

test('keys typed while weights are streamed are heard', () => {
  const { machine, talk } = boot({ model: image('second') });
  talk.command('/copy 0');
  talk.command('/length 1000');
  talk.clear();
  machine.send(`${LINE}\r`);
  machine.runUntil(() => machine.output.length > 100, 'some words', talk.deadline);
  machine.send('\x03');
  talk.untilPrompt('the prompt after Ctrl-C');
  assert.ok(talk.reply(LINE).tokens < 1000);
});
