// A stand-in for the RP2040's boot ROM, which the emulator does not have and which we do not copy.
//
// Our firmware is linked so that it calls nothing in ROM. What remains are the words that SDK code may look at:
// the reset vectors, the version, and the function and data tables with their lookup routine (RP2040 datasheet,
// 2.8.3). The tables are empty: every lookup answers 0, "not there". A program that calls such an address, or
// takes an exception without a vector table of its own, lands on the breakpoint at HALT and is reported.
// SPDX-License-Identifier: MIT

const WORDS = 4096;
const STACK_TOP = 0x20042000; // end of SRAM
const HALT = 0x40;
const TABLE = 0x44; // one empty table serves for functions and data
const LOOKUP = 0x48;

// Thumb code, by hand. uint16_t *r0 is a table of (code, address) pairs ending in 0; r1 is the code sought.
const lookup = [
  0x8802, // loop: ldrh r2, [r0]
  0x2a00, //       cmp  r2, #0
  0xd004, //       beq  none
  0x8843, //       ldrh r3, [r0, #2]
  0x3004, //       adds r0, #4
  0x428a, //       cmp  r2, r1
  0xd1f8, //       bne  loop
  0x001a, //       movs r2, r3     r2 = address
  0x0010, // none: movs r0, r2
  0x4770, //       bx   lr
];

// Returns the ROM as 32-bit words, for RP2040.loadBootrom().
export function stubBootrom() {
  const words = new Uint32Array(WORDS);
  const bytes = new DataView(words.buffer);
  const put16 = (address, value) => bytes.setUint16(address, value, true);

  words[0] = STACK_TOP;
  words.fill(HALT | 1, 1, 16); // reset and all exceptions
  bytes.setUint32(0x10, 0x0201754d, true); // "Mu", 1, version 2: takes the place of a vector that cannot occur
  put16(0x14, TABLE);
  put16(0x16, TABLE);
  put16(0x18, LOOKUP | 1);
  put16(HALT, 0xbe00); // bkpt #0
  put16(HALT + 2, 0xe7fd); // b HALT
  lookup.forEach((code, i) => put16(LOOKUP + 2 * i, code));
  return words;
}
