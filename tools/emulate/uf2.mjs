// Reads a UF2 file, strictly: what a board's boot loader would silently skip is an error here.
// Format: 512-byte blocks, see https://github.com/microsoft/uf2.
// SPDX-License-Identifier: MIT

export const FLASH_BASE = 0x10000000;
const BLOCK = 512;
const PAYLOAD = 256;
const MAGIC_FIRST = 0x0a324655;
const MAGIC_SECOND = 0x9e5d5157;
const MAGIC_LAST = 0x0ab16f30;
const FLAG_FAMILY = 0x2000;
const FAMILY_RP2040 = 0xe48bff56;

function readBlock(view, index, count) {
  const fail = (what) => {
    throw new Error(`UF2 block ${index}: ${what}`);
  };
  const word = (n) => view.getUint32(index * BLOCK + n, true);

  if (word(0) !== MAGIC_FIRST || word(4) !== MAGIC_SECOND || word(508) !== MAGIC_LAST) fail('wrong magic number');
  if (!(word(8) & FLAG_FAMILY)) fail('has no family id');
  if (word(28) !== FAMILY_RP2040) fail(`is for family 0x${word(28).toString(16)}, not for the RP2040`);
  if (word(16) !== PAYLOAD) fail(`carries ${word(16)} bytes, not ${PAYLOAD}`);
  if (word(20) !== index || word(24) !== count) {
    fail(`is numbered ${word(20)} of ${word(24)}, expected ${index} of ${count}`);
  }
  if (word(12) % PAYLOAD !== 0) fail(`goes to 0x${word(12).toString(16)}, not a multiple of ${PAYLOAD}`);
  return { address: word(12), start: index * BLOCK + 32 };
}

// Returns the flash contents as [{ offset, bytes }], offsets from the start of flash.
export function readUf2(file, flashBytes) {
  if (file.length === 0 || file.length % BLOCK !== 0) {
    throw new Error(`UF2: ${file.length} bytes is not a whole number of ${BLOCK}-byte blocks`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const count = file.length / BLOCK;
  const seen = new Set();
  const pieces = [];
  for (let i = 0; i < count; i++) {
    const { address, start } = readBlock(view, i, count);
    if (address < FLASH_BASE || address + PAYLOAD > FLASH_BASE + flashBytes) {
      throw new Error(`UF2 block ${i}: 0x${address.toString(16)} is outside the flash of ${flashBytes} bytes`);
    }
    if (seen.has(address)) throw new Error(`UF2 block ${i}: 0x${address.toString(16)} is written twice`);
    seen.add(address);
    pieces.push({ offset: address - FLASH_BASE, bytes: file.subarray(start, start + PAYLOAD) });
  }
  return pieces;
}
