#!/usr/bin/env node
// Runs a bare program in the RAM of an emulated RP2040, and serves its semihosting calls: print, exit, and the
// number of core cycles so far.
//     cortex_m.mjs PROGRAM.bin [--interpret]
// PROGRAM.bin begins with its vector table and lies at 0x20000000. --interpret: translate no code, which is slower.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { Machine } from '../../tools/emulate/machine.mjs';

const SRAM = 0x20000000;
const SYS_WRITE0 = 0x04;
const SYS_EXIT_EXTENDED = 0x20;
const SYS_ELAPSED = 0x30;
const MAX_CYCLES = 4e9;

const [file, option] = process.argv.slice(2);
const machine = new Machine({ port: 'uart', translate: option !== '--interpret', flashModel: false });
const { rp2040, core } = machine;
let status = null;

function text(address) {
  const offset = address - SRAM;
  return Buffer.from(rp2040.sram.subarray(offset, rp2040.sram.indexOf(0, offset))).toString('utf8');
}

rp2040.onBreak = () => {
  const argument = core.registers[1] >>> 0;
  switch (core.registers[0]) {
    case SYS_WRITE0:
      process.stdout.write(text(argument));
      break;
    case SYS_EXIT_EXTENDED:
      status = rp2040.readUint32(argument + 4);
      break;
    case SYS_ELAPSED:
      rp2040.writeUint32(argument, core.cycles >>> 0);
      rp2040.writeUint32(argument + 4, Math.floor(core.cycles / 2 ** 32));
      break;
    default:
      throw new Error(`semihosting call ${core.registers[0]} is not served`);
  }
};

rp2040.sram.set(readFileSync(file));
core.SP = rp2040.readUint32(SRAM);
core.PC = rp2040.readUint32(SRAM + 4) & ~1;
while (status === null && core.cycles < MAX_CYCLES) machine.run(2e5, () => status !== null);
if (status === null) process.stderr.write('cortex_m: still running after 4e9 cycles\n');
process.exitCode = status ?? 1;
