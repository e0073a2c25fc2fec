// Translated code does what rp2040js's interpreter does: registers, flags, memory and cycles.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { Machine } from '../../tools/emulate/machine.mjs';
import { firmware, MODEL_OFFSET, tinyModel } from './board.mjs';
import { Talk } from '../../tools/emulate/talk.mjs';

function stateOf({ core, rp2040, output }) {
  const { N, Z, C, V, cycles, counts } = core; // cycles with the waits for flash, and counts how they came about
  const registers = [...core.registers.subarray(0, 15), core.registers[15] & ~1];
  return { registers, N, Z, C, V, cycles, counts: structuredClone({ ...counts }), sram: createHash('sha256').update(rp2040.sram).digest('hex'), output };
}

function converse(options) {
  const machine = new Machine({ port: 'usb', ...options });
  machine.loadFlash(0, firmware());
  machine.loadFlash(MODEL_OFFSET, tinyModel());
  const talk = new Talk(machine, Date.now() + 240e3);
  talk.boot();
  const { digest } = talk.say('who goes there, tell.');
  return { digest, ...stateOf(machine) };
}

test('a whole conversation takes the same cycles and leaves the same memory', () => {
  const [plain, fast] = [false, true].map((translate) => converse({ translate, cores: 1 }));
  assert.deepEqual(fast, plain);
});

test('with two cores, which take turns at other instructions then, the words are the same and the cycles nearly', () => {
  const [plain, fast] = [false, true].map((translate) => converse({ translate }));
  assert.equal(fast.digest, plain.digest);
  // Who waits for whom, and for how long, depends on the turns: a few thousandths of a conversation.
  assert.ok(Math.abs(fast.cycles / plain.cycles - 1) < 0.01, `${fast.cycles} and ${plain.cycles} cycles`);
});

// A small generator of its own, so that a failure can be repeated.
function randomFrom(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

const PROGRAMS = 1000;
const SRAM = 0x20000000;
const FLASH = 0x10000000;
const CODE = 0x20000400;
const SP = 0x20001000;
const DATA = 0x20000800; // r6 and r7 point here, so that many accesses hit memory
const FLASH_CODE = 0x10000400;
const FLASH_DATA = 0x10000800; // or r7 here: loads wait, stores change nothing

// An instruction with random fields: any shift, arithmetic, access, push or pop; short forward branches.
function randomInstruction(random) {
  const kinds = [
    () => random(0x4000), // shifts, add, subtract, move, compare
    () => 0x4000 | random(0x400), // register operations
    () => 0x4400 | (random(3) << 8) | random(256), // any registers
    () => 0x5000 | (random(8) << 9) | (random(8) << 6) | ((6 + random(2)) << 3) | random(6), // indexed accesses
    () => 0x6000 | (random(6) << 11) | (random(32) << 6) | ((6 + random(2)) << 3) | random(6), // offset accesses
    () => 0x9000 | random(0x1000), // stack accesses
    () => 0xa000 | random(0x1000), // addresses
    () => 0xb000 | random(0x100), // stack pointer
    () => 0xb200 | random(0x100), // extension
    () => 0xba00 | (([0, 1, 3][random(3)] << 6) | random(64)), // byte order
    () => 0xb400 | random(0x200), // push
    () => 0xbc00 | random(0x40), // pop, r6 and r7 kept
    () => 0xc000 | (random(2) << 11) | ((6 + random(2)) << 8) | (1 + random(63)), // several
    () => 0xd000 | (random(14) << 8) | random(4), // conditional branch
    () => 0xe000 | random(3), // branch
    () => 0x4800 | random(0x700), // literal
  ];
  const op = kinds[random(kinds.length)]();
  // r6, r7, SP and PC stay: no operation may have them as its destination.
  const twoRegisters = op >> 10 === 16 || op < 0x2000 || op >> 8 === 0xb2 || op >> 8 === 0xba;
  const destination = twoRegisters ? op & 7 : op < 0x4000 ? (op >> 8) & 7 : 0;
  const wide = op >> 10 === 17 ? ((op & 7) | ((op >> 4) & 8)) >= 6 || ((op >> 3) & 15) === 15 : false;
  const target = [0x4800, 0x9800, 0xa000, 0xa800].includes(op & 0xf800) && ((op >> 8) & 7) >= 6;
  const shown = (op & 0xf800) === 0x9000 && ((op >> 8) & 7) >= 8;
  return destination >= 6 || wide || target || shown ? 0xbf00 : op;
}

// Code that runs through some random instructions and then loops to its start, 8 times over.
function randomProgram(random) {
  const length = 4 + random(24);
  const body = Array.from({ length }, () => randomInstruction(random));
  return [...body, 0xbf00, 0xbf00, 0xbf00, 0xbf00, 0xbe00]; // branches land on the nops; then a breakpoint
}

class Stopped extends Error {}

function emptyMachine(translate) {
  const machine = new Machine({ port: 'uart', translate });
  for (let i = 0; i < 1 << 16; i++) machine.rp2040.flash[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  machine.rp2040.logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  machine.rp2040.onBreak = () => {
    throw new Stopped();
  };
  return machine;
}

// Puts the program where it is to run, and forgets what was translated there.
function place(machine, program, code) {
  const { rp2040, translator } = machine;
  if (code === CODE) {
    program.forEach((op, i) => rp2040.writeUint16(CODE + 2 * i, op));
    return;
  }
  program.forEach((op, i) => rp2040.flashView.setUint16(code - FLASH + 2 * i, op, true));
  if (translator) translator.entries[0] = [];
}

function runProgram(machine, program, random, { code, r7 }) {
  const { core, rp2040, translator } = machine;
  rp2040.sram.fill(0);
  for (let i = 0; i < 0x3000; i += 4) rp2040.sramView.setUint32(i, random(2 ** 32), true);
  place(machine, program, code);
  for (let n = 0; n < 6; n++) core.registers[n] = [random(2 ** 32), random(64), 0xffffffff, 0x80000000, 0][random(5)];
  [core.registers[6], core.registers[7]] = [DATA, r7];
  core.registers[13] = SP;
  core.registers[14] = code | 1;
  [core.N, core.C, core.V] = [random(2), random(2), random(2)].map(Boolean);
  core.Z = !core.N && random(2) === 1;
  core.registers[15] = code;
  core.ready = -1;
  machine.xip.flush(); // its end is the time from which this program's misses count
  machine.xip.portUntil = core.cycles;
  core.waiting = false;
  if (translator) translator.translate(code, code === CODE ? 1 : 0);
  try {
    machine.run(5000);
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return stateOf(machine);
}

test('random instructions do the same, translated or not', () => {
  const machines = [false, true].map(emptyMachine);
  console.warn = () => {}; // the emulator's, at addresses that random programs make up
  for (let seed = 1; seed <= PROGRAMS; seed++) {
    const random = randomFrom(seed);
    const program = randomProgram(random);
    const start = random(2 ** 31);
    const where = { code: seed % 3 ? CODE : FLASH_CODE, r7: seed % 2 ? DATA : FLASH_DATA };
    const [plain, fast] = machines.map((machine) => runProgram(machine, program, randomFrom(start), where));
    const words = program.map((op) => op.toString(16).padStart(4, '0')).join(' ');
    assert.deepEqual(fast, plain, `program ${seed}: ${words}`);
  }
});
