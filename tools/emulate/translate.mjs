// Runs Thumb code by translating it to JavaScript, a function at a time, for speed: about ten times the
// interpreter's. Registers, memory and cycle counts are the same at every point where anyone can look.
//
// A region is the code that branches (not calls) reach from where execution entered it. It becomes one JavaScript
// function: a loop over a switch with a case for every basic block. Before a block runs, the cycles that it takes
// are compared with what is left until the next alarm; where they do not fit, the interpreter goes on alone. Where the
// core waits for flash, what is left is looked at again. Between blocks the other core's turn may come.
// SPDX-License-Identifier: MIT
import { SRAM_BYTES, translateInstruction } from './thumb.mjs';
import { DATA, FETCH } from './xip.mjs';

const FLASH = 0x10000000;
const SRAM = 0x20000000;
const HOT = 400; // translate what has been come to so often
const REGION_INSTRUCTIONS = 400;
const FLASH_CODE_BYTES = 2 * 1024 * 1024;

const NAMES = [
  'core', 'I', 'F32', 'F16', 'F16I', 'F8', 'F8I', 'S32', 'S16', 'S16I', 'S8', 'S8I', 'code', 'T', 'X', 'counts',
];

// Which half-words of SRAM were translated, by any core: code that is written over must be translated anew.
export class CodeMap {
  constructor(rp2040) {
    this.marks = new Uint8Array(SRAM_BYTES / 2 + 2);
    this.translators = [];
    for (const [name, bytes] of [['writeUint8', 1], ['writeUint16', 2], ['writeUint32', 4]]) {
      const write = rp2040[name];
      const written = (address) => this.written((address - SRAM) >>> 0, bytes);
      rp2040[name] = function writeAndLook(address, value) {
        write.call(this, address, value); // `this` may be a core's own view of the chip
        written(address);
      };
    }
  }

  written(offset, bytes) {
    const { marks } = this;
    if (offset >= SRAM_BYTES || !(marks[offset >>> 1] || (bytes === 4 && marks[(offset >>> 1) + 1]))) return;
    for (const translator of this.translators) translator.forgetSram();
    marks.fill(0);
  }
}

const clamp = (cycles) => Math.max(0, Math.min(Math.ceil(cycles), 0x3fffffff)) | 0;

export class Translator {
  constructor(core, map) {
    const { rp2040, xip } = core;
    this.core = core;
    this.rp2040 = rp2040;
    this.xip = xip;
    this.map = map;
    map.translators.push(this);
    const flash = rp2040.flash.buffer;
    const sram = rp2040.sram.buffer;
    const wait = (word, cycles, pc, kind) => xip.read(core, word, core.cycles + cycles, pc, kind);
    this.arrays = [
      core, new Int32Array(core.registers.buffer),
      new Int32Array(flash), new Uint16Array(flash), new Int16Array(flash), new Uint8Array(flash), new Int8Array(flash),
      new Int32Array(sram), new Uint16Array(sram), new Int16Array(sram), new Uint8Array(sram), new Int8Array(sram),
      map.marks, xip?.recent, wait, core.counts.accesses,
    ];
    this.entries = [new Array(FLASH_CODE_BYTES / 2), new Array(SRAM_BYTES / 2)]; // { run, label } by place; null: none
    this.heat = [new Uint16Array(FLASH_CODE_BYTES / 2), new Uint16Array(SRAM_BYTES / 2)];
  }

  forgetSram() {
    this.entries[1] = new Array(SRAM_BYTES / 2);
  }

  // Runs translated code from the core's PC for at most `cycles`; it stops at the first block's end after `turn` of
  // them. Returns whether it got anywhere.
  run(cycles, turn = cycles) {
    const { core } = this;
    const pc = core.registers[15] & ~1;
    const offset = pc - FLASH;
    const area = offset >= 0 && offset < FLASH_CODE_BYTES ? 0 : 1;
    const place = area === 0 ? offset >> 1 : (pc - SRAM) >> 1;
    if (area === 1 && (place < 0 || place >= SRAM_BYTES / 2)) return false;
    const entry = this.entries[area][place];
    if (entry === undefined) {
      if (++this.heat[area][place] >= HOT) {
        this.heat[area][place] = 0;
        this.translate(pc, area);
      }
      return false;
    }
    if (entry === null || (core.N && core.Z)) return false; // one number cannot say both
    const before = core.cycles;
    const port = this.xip ? this.xip.portUntil - before : 0;
    if (this.xip && core.ready !== pc) {
      core.prefetch(pc, false); // an exception has come, or somebody set the PC
      if (core.cycles !== before) return true;
    }
    entry.run(entry.label, clamp(cycles), clamp(turn), clamp(port));
    return core.cycles !== before;
  }

  translate(pc, area) {
    const blocks = this.discover(pc);
    if (blocks[0]?.start !== pc) {
      this.entries[area][(pc - (area === 0 ? FLASH : SRAM)) >> 1] = null;
      return;
    }
    const build = new Function(...NAMES, regionText(blocks, this.xip !== null));
    const run = build(...this.arrays);
    const base = area === 0 ? FLASH : SRAM;
    blocks.forEach((block, label) => {
      const place = (block.start - base) >> 1;
      if (label === 0 || !this.entries[area][place]) this.entries[area][place] = { run, label };
      if (area === 1) this.map.marks.fill(1, place, place + (block.end - block.start) / 2);
    });
  }

  // The basic blocks of the region around `entry`, that one first.
  discover(entry) {
    const instructions = new Map();
    const leaders = new Set([entry]);
    const todo = [entry];
    while (todo.length > 0 && instructions.size < REGION_INSTRUCTIONS) {
      let pc = todo.pop();
      for (let more = true; more && !instructions.has(pc); ) {
        const found = this.decode(pc);
        instructions.set(pc, found);
        if (!found) break;
        const next = pc + found.size;
        const ends = found.target !== undefined || found.jump !== undefined;
        if (found.target !== undefined) {
          leaders.add(found.target);
          todo.push(found.target);
        }
        more = !ends || found.condition !== undefined || found.call === true;
        if (ends && more) leaders.add(next);
        pc = next;
      }
    }
    return makeBlocks(entry, instructions, leaders);
  }

  decode(pc) {
    const half = (address) => this.rp2040.readUint16(address >>> 0);
    const fixed = (address) => (pc < SRAM ? this.rp2040.readUint32(address >>> 0) | 0 : undefined);
    return translateInstruction(half(pc), half(pc + 2), pc, fixed, '@BAIL@', this.xip !== null);
  }
}

function makeBlocks(entry, instructions, leaders) {
  const blocks = [];
  for (const start of [...leaders].sort((a, b) => (a === entry ? -1 : b === entry ? 1 : a - b))) {
    if (!instructions.get(start)) continue; // beyond the region's bounds, or the interpreter's
    const block = { start, end: start, body: [], last: null };
    for (let pc = start; instructions.get(pc) && (pc === start || !leaders.has(pc)); ) {
      const found = instructions.get(pc);
      block.body.push({ pc, ...found });
      block.end = pc + found.size;
      if (found.target !== undefined || found.jump !== undefined) {
        block.last = found;
        break;
      }
      pc = block.end;
    }
    blocks.push(block);
  }
  return blocks;
}

// Leaves the region. ready: the instruction word at pc has been fetched.
const leave = (cycles, pc, ready = 1) => `{cyc+=${cycles};pc=${pc};${ready ? '' : 'ready=0;'}break top;}`;

const FLASH_END = FLASH + 4 * 0x1000000;
const mayWait = (waits, pc) => waits && pc >= FLASH && pc < FLASH_END;

// Fetches the word of the instruction at pc, `done` cycles into the block; `after` says what happens when it took time.
function fetchText(waits, pc, done, after = '') {
  if (!mayWait(waits, pc)) return '';
  const word = (pc & 0xffffff) >>> 2;
  return `fa++;if(T[${word & 2047}]!==${word}||port>cyc){cyc+=X(${word},cyc+${done},${pc},${FETCH});${after}}`;
}

function bodyText(block, total, waits) {
  let done = 0;
  return block.body.map(({ pc, js, cycles, size, jump }, i) => {
    const next = pc + size;
    const late = (cyclesDone, address) => `if(cyc+${total + 1}>cycles)${leave(cyclesDone, address)}`;
    const fetch = i > 0 && (pc & 2) === 0 ? fetchText(waits, pc, done, late(done, pc)) : '';
    const half = size === 4 && pc & 2 ? fetchText(waits, pc + 2, done) : '';
    const after = leave(done + cycles, next, (next & 2) !== 0 || !mayWait(waits, next));
    const halfAfter = half && jump === undefined ? `if(cyc+${total + 1}>cycles)${after}` : '';
    const text = js
      .replaceAll('@BAIL@', leave(done, pc))
      .replaceAll('@NOW@', `cyc+${done}`)
      .replaceAll('@PC@', String(pc))
      .replaceAll('@LATE@', `if(cyc+${total + 1}>cycles)${after}`);
    done += cycles;
    return `${fetch}${half}${text}${halfAfter}`;
  });
}

function blockText(block, label, labels, waits) {
  const total = block.body.reduce((sum, { cycles }) => sum + cycles, 0);
  const { last } = block;
  // sequential: the address follows the block, so that its word may be there already.
  const go = (cycles, address, sequential) => {
    const there = sequential && (address & 2) !== 0;
    if (!labels.has(address)) return leave(cycles, address, there || !mayWait(waits, address));
    const on = address === block.start ? 'continue self;' : `label=${labels.get(address)};continue top;`;
    return `{cyc+=${cycles};${there ? '' : fetchText(waits, address, 0)}${on}}`;
  };
  const branch = (cycles) => go(cycles, last.target, last.target === block.end);
  const texts = bodyText(block, total, waits);
  let end;
  if (last?.jump !== undefined) end = leave(total, last.jump, !waits);
  else if (last && last.condition === undefined) end = branch(total);
  else end = go(total, block.end, true);
  if (last?.condition !== undefined) end = `if(${last.condition})${branch(total + 1)}${end}`;
  const enough = `cyc>=turn||cyc+${total + 1}>cycles`;
  return `case ${label}:self:for(;;){if(${enough})${leave(0, block.start)}${texts.join('\n')}${end}}\n`;
}

function regionText(blocks, waits) {
  const labels = new Map(blocks.map(({ start }, label) => [start, label]));
  const text = blocks.map((block, label) => blockText(block, label, labels, waits)).join('');
  const used = Array.from({ length: 15 }, (_, n) => n).filter((n) => new RegExp(`\\br${n}\\b`).test(text));
  return `return function (label, cycles, turn, port) {
let ${used.map((n) => `r${n}=I[${n}]`).join()}${used.length ? ',' : ''}nz=core.Z?0:core.N?-1:1,c=core.C,v=core.V;
let cyc=0,pc=0,a=0,o=0,x=0,y=0,M=S32,fa=0,da=0,ready=1;
top:for(;;)switch(label){
${text}}
${used.map((n) => `I[${n}]=r${n};`).join('')}I[15]=pc;
core.N=nz<0;core.Z=nz===0;core.C=c;core.V=v;core.cycles+=cyc;
${waits ? `counts[${FETCH}]+=fa;counts[${DATA}]+=da;if(ready)core.ready=pc;else core.prefetch(pc>>>0,false);` : ''}
}`;
}
