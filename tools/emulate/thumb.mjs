// One Thumb (Armv6-M) instruction as JavaScript text: the vocabulary of translate.mjs.
//
// The text works on int32 locals r0..r14, on nz (its sign is N, its being zero is Z), on booleans c and v, and on
// scratch a, o, x, y. Results and cycles are those of rp2040js's CortexM0Core.executeInstruction(), its
// peculiarities included; a test holds the two together. What touches anything but flash and SRAM is not done
// here: the text then leaves the translated code *before* the instruction, and the interpreter does it.
//
// With waits for flash, a read asks the cache's tags T first; on a miss, X() says how long the core waits. In the text
// @NOW@ stands for the cycles until the instruction, @PC@ for its address, @LATE@ for leaving after it where time is up.
// SPDX-License-Identifier: MIT

export const SRAM_BYTES = 264 * 1024;
const SP = 13;
const LR = 14;

const r = (n) => `r${n}`;
const low = (op, shift) => r((op >> shift) & 7);
const bits = (n) => Array.from({ length: 8 }, (_, i) => i).filter((i) => n & (1 << i));

const add = (d, a, b) => `x=${a};y=${b};nz=x+y|0;c=(nz>>>0)<(x>>>0);v=((x^nz)&(y^nz))<0;${d ? `${d}=nz;` : ''}`;
const subtract = (d, a, b) => `x=${a};y=${b};nz=x-y|0;c=(x>>>0)>=(y>>>0);v=((x^y)&(x^nz))<0;${d ? `${d}=nz;` : ''}`;
const logic = (d, text) => `nz=${d}=${text};`;
const shiftLeft = (d, a, n) => (n ? `c=(${a}&${1 << (32 - n)})!==0;` : '') + logic(d, `${a}<<${n}`);
const shiftRight = (d, a, n) => `c=(${a}>>>${n ? n - 1 : 31}&1)!==0;${logic(d, n ? `${a}>>>${n}|0` : '0')}`;
const shiftArithmetic = (d, a, n) => `c=(${a}>>>${(n || 32) - 1}&1)!==0;${logic(d, `${a}>>${n || 31}`)}`;

const registerShift = {
  left: (d, m) => `x=${m}&255;y=${d};if(x)c=(y&(1<<(32-x)))!==0;${logic(d, 'x>=32?0:y<<x')}`,
  right: (d, m) => `x=${m}&255;y=${d};c=x<=32&&(y>>>(x-1)&1)!==0;${logic(d, 'x<32?y>>>x|0:0')}`,
  arithmetic: (d, m) => `x=${m}&255;y=${d};if(x>32)x=32;c=(y&(1<<(x-1)))!==0;${logic(d, 'y>>(x<32?x:31)')}`,
  rotate: (d, m) => `x=${m}&31;y=${d};${logic(d, 'y>>>x|y<<(32-x)')}c=nz<0;`,
};

const addCarry = (d, m) =>
  `x=${m};y=${d}+(c?1:0)|0;a=(x>>>0)+(${d}>>>0)+(c?1:0);nz=x+y|0;c=a>4294967295;v=((x^nz)&(y^nz))<0;${d}=nz;`;
const subtractCarry = (d, m) =>
  `x=${d};a=(${m}>>>0)+(c?0:1);y=a|0;nz=x-y|0;c=(x>>>0)>=a;v=((x^y)&(x^nz))<0;${d}=nz;`;

// The sixteen register-to-register operations of 010000oooo.
const ALU = [
  (d, m) => logic(d, `${d}&${m}`),
  (d, m) => logic(d, `${d}^${m}`),
  registerShift.left,
  registerShift.right,
  registerShift.arithmetic,
  addCarry,
  subtractCarry,
  registerShift.rotate,
  (d, m) => `nz=${d}&${m};`,
  (d, m) => subtract(d, '0', m),
  (d, m) => subtract('', d, m),
  (d, m) => add('', d, m),
  (d, m) => logic(d, `${d}|${m}`),
  (d, m) => logic(d, `Math.imul(${d},${m})`),
  (d, m) => logic(d, `${d}&~${m}`),
  (d, m) => logic(d, `~${m}`),
];

const CONDITIONS = [
  'nz===0', 'nz!==0', 'c', '!c', 'nz<0', 'nz>=0', 'v', '!v',
  'c&&nz!==0', '!c||nz===0', 'nz<0===v', 'nz<0!==v', 'nz<0===v&&nz!==0', 'nz<0!==v||nz===0',
];

// Arrays: F flash, S SRAM, by width in bits; I: signed.
const ARRAYS = { 4: '32', 2: '16', 1: '8' };

// A read of the flash word number `word` (text); `then` follows in both cases, and @LATE@ where the core had to wait.
const flashRead = (word, then) =>
  `da++;if(T[${word}&2047]!==${word}||port>cyc){cyc+=X(${word},@NOW@,@PC@,1);${then}@LATE@}else{${then}}`;

function load(d, address, width, signed, { bail, waits }) {
  const array = `${ARRAYS[width]}${signed ? 'I' : ''}`;
  const shift = Math.log2(width);
  const mask = width - 1;
  const read = `${d}=F${array}[(a&0xffffff)>>>${shift}];`;
  return (
    `a=${address}|0;if((a&${0xff000000 | mask})===0x10000000){` +
    `${waits ? `y=(a&0xffffff)>>>2;${flashRead('y', read)}` : read}}` +
    `else{o=a-0x20000000|0;if(o>>>0>=${SRAM_BYTES}||(o&${mask})!==0)${bail}${d}=S${array}[o>>>${shift}];}`
  );
}

// A store into SRAM that holds translated code must be seen by the interpreter's write functions.
const holdsCode = (width, o) => `code[${o}>>>1]${width === 4 ? `|code[(${o}>>>1)+1]` : ''}`;

function store(s, address, width, bail) {
  const shift = Math.log2(width);
  return (
    `o=${address}-0x20000000|0;if(o>>>0>=${SRAM_BYTES}||(o&${width - 1})!==0||(${holdsCode(width, 'o')})!==0)${bail}` +
    `S${ARRAYS[width]}[o>>>${shift}]=${s};`
  );
}

// Words from SRAM at offset `o`, checked as a whole.
const checkWords = (count, bail) => `if(o<0||o>${SRAM_BYTES - 4 * count}||(o&3)!==0)${bail}`;

function loadMany(registers, base, writeBack, { bail, waits }) {
  const each = registers.map((n, i) => `${r(n)}=M[(a>>>2)+${i}];`).join('');
  const wait = registers.map((_, i) => `y=(a>>>2)+${i};if(T[y&2047]!==y||port>cyc)cyc+=X(y,@NOW@,@PC@,1);`).join('');
  return (
    `x=cyc;o=${base}|0;if((o&0xff000003)===0x10000000&&(o&0xffffff)<0xffff00){M=F32;a=o&0xffffff;` +
    `${waits ? `da+=${registers.length};${wait}` : ''}}` +
    `else{o=o-0x20000000|0;${checkWords(registers.length, bail)}M=S32;a=o;}` +
    (writeBack ? `${base}=${base}+${4 * registers.length}|0;` : '') + each + (waits ? 'if(x!==cyc)@LATE@' : '')
  );
}

function storeMany(registers, start, after, bail) {
  const checks = registers.map((_, i) => holdsCode(4, `(o+${4 * i})`)).join('|');
  const each = registers.map((n, i) => `S32[(o>>>2)+${i}]=${r(n)};`).join('');
  return `o=${start}-0x20000000|0;${checkWords(registers.length, bail)}if((${checks})!==0)${bail}${each}${after}`;
}

function pop(op, bail) {
  const registers = bits(op);
  const withPc = op & 0x100;
  const words = registers.length + (withPc ? 1 : 0);
  if (words === 0) return null;
  const each = registers.map((n, i) => `${r(n)}=S32[(o>>>2)+${i}];`).join('');
  const check = `o=r13-0x20000000|0;${checkWords(words, bail)}`;
  if (!withPc) return { js: `${check}${each}r13=r13+${4 * words}|0;`, cycles: 1 + registers.length };
  return {
    js: `${check}a=S32[(o>>>2)+${registers.length}];if(a>>>28===15)${bail}${each}r13=r13+${4 * words}|0;`,
    cycles: 3 + registers.length,
    jump: 'a&-2',
  };
}

function push(op, bail) {
  const registers = bits(op);
  const cycles = 1 + registers.length; // the interpreter does not count LR
  if (op & 0x100) registers.push(LR);
  if (registers.length === 0) return null;
  const size = 4 * registers.length;
  return { js: storeMany(registers, `(r13-${size})`, `r13=r13-${size}|0;`, bail), cycles };
}

// Loads and stores with a register offset, by bits 11..9.
function indexed(op, how) {
  const { bail } = how;
  const t = low(op, 0);
  const address = `(${low(op, 3)}+${low(op, 6)})`;
  switch ((op >> 9) & 7) {
    case 0: return store(t, address, 4, bail);
    case 1: return store(t, address, 2, bail);
    case 2: return store(t, address, 1, bail);
    case 3: return load(t, address, 1, true, how);
    case 4: return load(t, address, 4, false, how);
    case 5: return load(t, address, 2, false, how);
    case 6: return load(t, address, 1, false, how);
    default: return load(t, address, 2, true, how);
  }
}

// ADD, CMP and MOV between any two registers. Null: the interpreter does it.
function anyRegisters(op) {
  const d = (op & 7) | ((op >> 4) & 8);
  const m = (op >> 3) & 15;
  if (d === 15 || m === 15) return null;
  const align = d === SP ? '&-4' : '';
  switch ((op >> 8) & 3) {
    case 0: return { js: `${r(d)}=${r(d)}+${r(m)}${align || '|0'};` };
    case 1: return { js: subtract('', r(d), r(m)) };
    case 2: return { js: `${r(d)}=${r(m)}${align};` };
    default: return null;
  }
}

// BX and BLX; an exception's return address is left to the interpreter.
function branchExchange(op, pc, bail) {
  const m = (op >> 3) & 15;
  if (m === 15 || op & 7) return null;
  const link = op & 0x80 ? `r14=${(pc + 2) | 1};` : '';
  const guard = op & 0x80 ? '' : `if(${r(m)}>>>28===15)${bail}`;
  return { js: `${guard}a=${r(m)};${link}`, cycles: 2, jump: 'a&-2' };
}

const EXTEND = [(m) => `${m}<<16>>16`, (m) => `${m}<<24>>24`, (m) => `${m}&65535`, (m) => `${m}&255`];
const REVERSE = {
  0: (m) => `${m}<<24|(${m}&0xff00)<<8|${m}>>>8&0xff00|${m}>>>24`,
  1: (m) => `(${m}&0xff00ff)<<8|${m}>>>8&0xff00ff`,
  3: (m) => `(${m}<<24|(${m}&0xff00)<<8)>>16`,
};

// 1011...: the stack pointer, extension, push and pop.
function miscellaneous(op, bail) {
  switch ((op >> 8) & 15) {
    case 0:
      return { js: `r13=r13${op & 0x80 ? '-' : '+'}${(op & 0x7f) << 2}&-4;` };
    case 2:
      return { js: `${low(op, 0)}=${EXTEND[(op >> 6) & 3](low(op, 3))};` };
    case 4:
    case 5:
      return push(op, bail);
    case 10: {
      const reverse = REVERSE[(op >> 6) & 3];
      return reverse ? { js: `${low(op, 0)}=${reverse(low(op, 3))};` } : null;
    }
    case 12:
    case 13:
      return pop(op, bail);
    case 15:
      return op === 0xbf00 ? { js: '' } : null;
    default:
      return null;
  }
}

// BL and the barriers; MRS and MSR are the interpreter's.
function wide(op, op2, pc) {
  if (op >> 11 === 0b11110 && op2 >> 14 === 3 && op2 & 0x1000) {
    const s = (op >> 10) & 1;
    const i1 = 1 - (s ^ ((op2 >> 13) & 1));
    const i2 = 1 - (s ^ ((op2 >> 11) & 1));
    const offset = ((s ? 255 : 0) << 24) | (i1 << 23) | (i2 << 22) | ((op & 0x3ff) << 12) | ((op2 & 0x7ff) << 1);
    return { js: `r14=${(pc + 4) | 1};`, cycles: 3, size: 4, jump: String((pc + 4 + offset) | 0), call: true };
  }
  const barrier = op2 & 0xfff0;
  if (op === 0xf3bf && barrier >= 0x8f40 && barrier <= 0x8f60) return { js: '', cycles: 3, size: 4 };
  return null;
}

function shiftAddMove(op) {
  const d = low(op, 0);
  const m = low(op, 3);
  const n = (op >> 6) & 31;
  const immediate = op & 0xff;
  const rd = low(op, 8);
  switch (op >> 11) {
    case 0: return shiftLeft(d, m, n);
    case 1: return shiftRight(d, m, n);
    case 2: return shiftArithmetic(d, m, n);
    case 3: return (op & 0x200 ? subtract : add)(d, m, op & 0x400 ? String(n & 7) : low(op, 6));
    case 4: return logic(rd, String(immediate));
    case 5: return subtract('', rd, String(immediate));
    case 6: return add(rd, rd, String(immediate));
    default: return subtract(rd, rd, String(immediate));
  }
}

function offsetAccess(op, how) {
  const { bail } = how;
  const n = (op >> 6) & 31;
  const t = low(op, 0);
  const at = (scale) => `(${low(op, 3)}+${n * scale})`;
  const sp = `(r13+${(op & 0xff) << 2})`;
  switch (op >> 11) {
    case 12: return store(t, at(4), 4, bail);
    case 13: return load(t, at(4), 4, false, how);
    case 14: return store(t, at(1), 1, bail);
    case 15: return load(t, at(1), 1, false, how);
    case 16: return store(t, at(2), 2, bail);
    case 17: return load(t, at(2), 2, false, how);
    case 18: return store(low(op, 8), sp, 4, bail);
    default: return load(low(op, 8), sp, 4, false, how);
  }
}

function multiple(op, how) {
  const { bail } = how;
  const n = (op >> 8) & 7;
  const registers = bits(op);
  const writeBack = !(op & (1 << n));
  const cycles = 1 + registers.length;
  if (registers.length === 0) return null;
  if (op & 0x800) return { js: loadMany(registers, r(n), writeBack, how), cycles };
  const after = writeBack ? `${r(n)}=${r(n)}+${4 * registers.length}|0;` : '';
  return { js: storeMany(registers, r(n), after, bail), cycles };
}

function branch(op, pc) {
  if (op >> 12 === 13) {
    const condition = (op >> 8) & 15;
    if (condition > 13) return null;
    return { js: '', condition: CONDITIONS[condition], target: pc + 4 + (((op & 0xff) << 24) >> 23) };
  }
  return { js: '', target: pc + 4 + (((op & 0x7ff) << 21) >> 20) };
}

// Translates the instruction at pc. `word(address)` reads what cannot change (or gives undefined); `bail` is the
// text that leaves before the instruction; waits: with waits for flash. Returns null for what only the interpreter can
// do, else
//   js        the text
//   cycles    that it takes (a conditional branch: not taken; taken is one more)
//   size      bytes
//   target    of a branch, with `condition` (text) where it has one
//   jump      text of the address that execution goes to, for calls and returns
export function translateInstruction(op, op2, pc, word, bail, waits) {
  const how = { bail, waits };
  const plain = (js, cycles = 1) => ({ js, cycles, size: 2 });
  const complete = (found) => found && { cycles: 1, size: 2, ...found };
  const top = op >> 11;

  if (top < 8) return plain(shiftAddMove(op));
  if (op >> 10 === 16) return plain(ALU[(op >> 6) & 15](low(op, 0), low(op, 3)));
  if (op >> 8 === 0x47) return complete(branchExchange(op, pc, bail));
  if (top === 8) return complete(anyRegisters(op));
  if (top === 9) {
    const address = ((pc + 4) & ~3) + ((op & 0xff) << 2);
    const value = word(address);
    if (value === undefined) return plain(load(low(op, 8), String(address), 4, false, how), 2);
    const text = `${low(op, 8)}=${value};`;
    return plain(waits && pc >= 0x10000000 ? flashRead(String((address & 0xffffff) >>> 2), text) : text, 2);
  }
  if (top < 12) return plain(indexed(op, how), 2);
  if (top < 20) return plain(offsetAccess(op, how), 2);
  if (top === 20) return plain(`${low(op, 8)}=${((pc & ~3) + 4 + ((op & 0xff) << 2)) | 0};`);
  if (top === 21) return plain(`${low(op, 8)}=r13+${(op & 0xff) << 2}|0;`);
  if (top < 24) return complete(miscellaneous(op, bail));
  if (top < 26) return complete(multiple(op, how));
  if (top < 28) return complete(branch(op, pc));
  if (top === 28) return { ...branch(op, pc), cycles: 2, size: 2 };
  return wide(op, op2, pc);
}
