// Where the cycles go, by function. The program counter is looked at every 64 cycles or so, between basic blocks, and
// what went by since is booked on the function that it was in then: short functions come out blurred.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

const SYMBOL_TABLE = 2; // section type
const FUNCTION = 2; // symbol type
const SYMBOL_BYTES = 16;
const SECTION_BYTES = 40;

// Functions of a 32-bit little-endian ELF file: [{ start, end, name }], ascending.
export function readFunctions(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0) !== 0x7f454c46 || bytes[4] !== 1) throw new Error('not a 32-bit ELF file');
  const sections = Array.from({ length: view.getUint16(48, true) }, (_, i) => {
    const at = view.getUint32(32, true) + i * SECTION_BYTES;
    const [type, offset, size, link] = [4, 16, 20, 24].map((field) => view.getUint32(at + field, true));
    return { type, offset, size, link };
  });
  const table = sections.find(({ type }) => type === SYMBOL_TABLE);
  if (!table) throw new Error('the ELF file has no symbols');
  const text = (at) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const functions = [];
  for (let at = table.offset; at < table.offset + table.size; at += SYMBOL_BYTES) {
    const [name, value, size] = [0, 4, 8].map((field) => view.getUint32(at + field, true));
    const start = (value & ~1) >>> 0;
    if ((bytes[at + 12] & 15) !== FUNCTION || size === 0) continue;
    functions.push({ start, end: start + size, name: text(sections[table.link].offset + name) });
  }
  return functions.sort((a, b) => a.start - b.start);
}

export class Profile {
  constructor(elf) {
    this.functions = readFunctions(readFileSync(elf));
    this.clear();
  }

  clear() {
    this.cycles = [new Map(), new Map()]; // by core: function's name to cycles
  }

  nameAt(pc) {
    let [low, high] = [0, this.functions.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.functions[middle].start <= pc) low = middle;
      else high = middle;
    }
    const found = this.functions[low];
    return found && pc >= found.start && pc < found.end ? found.name : '(no symbol)';
  }

  add(core, pc, cycles) {
    const of = this.cycles[core];
    const name = this.nameAt(pc);
    of.set(name, (of.get(name) ?? 0) + cycles);
  }

  // The functions that took the most, waits for flash included.
  report(most = 25) {
    return this.cycles.flatMap((of, core) => {
      const total = [...of.values()].reduce((a, b) => a + b, 0);
      const rows = [...of].sort((a, b) => b[1] - a[1]).slice(0, most);
      return rows.map(([name, cycles]) => {
        const share = `${((100 * cycles) / total).toFixed(1)} %`;
        return `core ${core} ${String(Math.round(cycles)).padStart(12)} ${share.padStart(7)}  ${name}`;
      });
    }).join('\n');
  }
}
