// run.mjs PROGRAM.bin IMAGE: runs the image on the emulated Pico's core, the program at the start of flash, the image
// at 1 MB. A flash of 16 MB, all that the chip can address, so that every image fits.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { Machine } from '../../../tools/emulate/machine.mjs';

const FLASH = 0x10000000;
const IMAGE_OFFSET = 1 << 20;
const [WRITE0, EXIT, SUCCESS] = [0x04, 0x18, 0x20026];

class Exit extends Error {}

const [program, image] = process.argv.slice(2).map((name) => readFileSync(name));
const machine = new Machine({ port: 'uart', flashModel: false });
const { core, rp2040 } = machine;

// The program's semihosting calls: bkpt 0xab with the operation in r0, its argument in r1.
rp2040.onBreak = (code) => {
  const [operation, argument] = core.registers;
  if (code === 0xab && operation === WRITE0) {
    for (let at = argument, byte; (byte = rp2040.readUint8(at)); at++) process.stdout.write(String.fromCharCode(byte));
  } else {
    throw new Exit(code === 0xab && operation === EXIT && argument === SUCCESS ? 'success' : 'failure');
  }
};

rp2040.flash.set(program, 0);
rp2040.flash.set(image, IMAGE_OFFSET);
core.SP = rp2040.readUint32(FLASH);
core.PC = rp2040.readUint32(FLASH + 4) & ~1;
core.VTOR = FLASH;
try {
  while (machine.run(1e9));
} catch (error) {
  if (!(error instanceof Exit)) throw error;
  process.exitCode = error.message === 'success' ? 0 : 1;
}
