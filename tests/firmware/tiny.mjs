// Tiny assembly programs in the emulator, for what whole firmware cannot show one thing at a time.
// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Machine } from '../../tools/emulate/machine.mjs';

export const SRAM = 0x20000000;
export const FLASH = 0x10000000;
const STACK = 0x20040000;
const SSI = 0x18000000;
const PATIENCE_CYCLES = 20e6;

if (spawnSync('arm-none-eabi-as', ['--version']).status !== 0) {
  console.log('skipped: arm-none-eabi-as is not installed');
  process.exit(77);
}

const PRELUDE = `
  .syntax unified
  .cpu cortex-m0plus
  .thumb
  .equ SIO, 0xd0000000
  .equ FIFO_ST, 0x50
  .equ FIFO_WR, 0x54
  .equ FIFO_RD, 0x58
  .equ XIP_CTRL, 0x14000000
  .equ SSI, 0x18000000
  .equ DMA, 0x50000000
`;

// Returns the machine code of assembly that is to run at `origin`.
export function assemble(source, origin = SRAM) {
  const folder = mkdtempSync(`${tmpdir()}/tiny-`);
  try {
    writeFileSync(`${folder}/a.s`, `${PRELUDE}${source}\n`);
    execFileSync('arm-none-eabi-as', ['-o', `${folder}/a.o`, `${folder}/a.s`]);
    execFileSync('arm-none-eabi-ld', ['-e', '0', `-Ttext=0x${origin.toString(16)}`, '-o', `${folder}/a.elf`, `${folder}/a.o`]);
    execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', `${folder}/a.elf`, `${folder}/a.bin`]);
    return readFileSync(`${folder}/a.bin`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// What the second-stage boot loader for the Pico's flash chip does: continuous quad reads.
function configureFlash({ rp2040, ssi }, divider) {
  const write = (offset, value) => rp2040.writeUint32(SSI + offset, value);
  write(0x08, 0);
  write(0x14, divider);
  write(0x00, (2 << 21) | (31 << 16) | (3 << 8));
  write(0x04, 0);
  write(0xf4, (4 << 11) | (2 << 8) | (8 << 2) | 1); // with a command once
  write(0x08, 1);
  write(0x60, 0xeb);
  write(0x60, 0xa0);
  write(0x08, 0);
  write(0xf4, ((0xa0 << 24) | (4 << 11) | (8 << 2) | 2) >>> 0);
  write(0x08, 1);
  Object.assign(ssi.totals, { transfers: 0, frames: 0, bytes: 0, cycles: 0 });
}

// A byte of the flash that the programs read.
export const flashByte = (offset) => (Math.imul(offset, 0x9e3779b1) >>> 24) & 0xff;

class Stopped extends Error {}

// A board with `source` at `origin` (SRAM if not given), about to run it. Flash holds flashByte() elsewhere.
export function prepare(source, { origin = SRAM, divider = 2, ...options } = {}) {
  const machine = new Machine({ port: 'uart', ...options });
  const { core, rp2040, xip } = machine;
  for (let i = 0; i < 1 << 20; i++) rp2040.flash[i] = flashByte(i);
  const code = assemble(source, origin);
  if (origin < SRAM) rp2040.flash.set(code, origin - FLASH);
  else rp2040.sram.set(code, origin - SRAM);
  if (xip) configureFlash(machine, divider);
  core.SP = STACK;
  core.PC = origin;
  rp2040.onBreak = () => {
    throw new Stopped();
  };
  return machine;
}

// Runs the program until a breakpoint. Returns the machine.
export function runTiny(source, options) {
  const machine = prepare(source, options);
  try {
    machine.run(PATIENCE_CYCLES);
  } catch (error) {
    if (error instanceof Stopped) return machine;
    throw error;
  }
  throw new Error('the program did not end');
}
