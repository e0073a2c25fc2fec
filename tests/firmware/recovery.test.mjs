// A firmware that hangs is restarted by the watchdog and says so; the light shows work.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { boot, file, makeStore, MODELS, modelReplies } from './board.mjs';

const LED = 25;
const LOOP = 0x20041010; // far below the stack's deepest point
const LINE = 'who goes there';
const store = () => makeStore(MODELS.map((name) => readFileSync(file(`${name}.dog`))));

const WATCHDOG = 0x40058;
const COUNTS_A_SECOND = 2e6; // erratum RP2040-E1

// Catches the board in the middle of a reply and makes it loop for ever, interrupts and all. Most of the watchdog's 8
// seconds are skipped: emulating a loop that long takes minutes on a busy machine.
function hang(machine, talk) {
  talk.command('/length 1000');
  talk.clear();
  machine.send(`${LINE}\r`);
  machine.runUntil(() => machine.output.length > 100, 'some words', talk.deadline);
  machine.rp2040.writeUint16(LOOP, 0xe7fe); // b .
  machine.core.PC = LOOP;
  machine.core.waiting = false;
  const watchdog = machine.rp2040.peripherals[WATCHDOG];
  const left = (watchdog.readUint32(0) & 0xffffff) / COUNTS_A_SECOND;
  assert.ok(left > 7.9 && left <= 8, `${left} s left`);
  watchdog.writeUint32(4, COUNTS_A_SECOND / 20);
}

for (const port of ['usb', 'uart']) {
  test(`the watchdog restarts a board that hangs, over ${port}`, () => {
    const { machine, talk, greeting } = boot({ port, model: store() });
    assert.doesNotMatch(greeting, /watchdog/);
    talk.command('/use second');
    hang(machine, talk);
    const since = machine.seconds;
    talk.clear();
    machine.runUntil(() => machine.restarts === 1, 'the restart', talk.deadline);
    assert.ok(machine.seconds - since > 0.04 && machine.seconds - since < 0.5, `after ${machine.seconds - since} s`);
    assert.match(talk.untilPrompt('the greeting'), /The watchdog restarted the board: the firmware hung at work on/);
    assert.match(talk.command('/models'), /\* 1 random: .*\n {2}2 second: .*the board hung with it; \/use tries again/);
    talk.command('/use second');
    assert.equal(talk.say(LINE).digest, modelReplies('second', '1', '40', LINE)[0].digest);
    assert.equal(machine.restarts, 1);
  });
}

test('a model that hung the board at the start is passed over', () => {
  const { machine, talk } = boot({ model: store() });
  hang(machine, talk);
  talk.clear();
  machine.runUntil(() => machine.restarts === 1, 'the restart', talk.deadline);
  assert.match(talk.untilPrompt('the greeting'), /model second: /);
});

test('an idle board is left alone, and the light is on during work only', () => {
  const { machine, talk } = boot();
  const lit = () => (machine.rp2040.sio.readUint32(0x10) >>> LED) & 1;
  talk.command('/length 1000');
  assert.equal(lit(), 0);
  talk.clear();
  machine.send(`${LINE}\r`);
  machine.runUntil(() => machine.output.length > 100, 'some words', talk.deadline);
  assert.equal(lit(), 1);
  talk.untilPrompt('the end of the reply');
  assert.equal(lit(), 0);
  machine.run(125e6 * 20, () => false);
  assert.equal(machine.restarts, 0);
  assert.equal(talk.say(LINE).tokens, 1000);
});
