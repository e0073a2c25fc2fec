// Runs Thumb code by translating it to JavaScript, a function at a time, for speed: about ten times the
// interpreter's. Registers, memory and cycle counts are the same at every point where anyone can look.
//
// A region is the code that branches (not calls) reach from where execution entered it. It becomes one JavaScript
// function: a loop over a switch with a case for every basic block. Before a block runs, the cycles that it takes
// are compared with what is left until the next alarm; where they do not fit, the interpreter goes on alone.
// SPDX-License-Identifier: MIT
import { SRAM_BYTES, translateInstruction } from './thumb.mjs';

const FLASH = 0x10000000;
const SRAM = 0x20000000;
const HOT = 400; // translate what has been come to so often
const REGION_INSTRUCTIONS = 400;
const FLASH_CODE_BYTES = 2 * 1024 * 1024;

const NAMES = ['core', 'I', 'F32', 'F16', 'F16I', 'F8', 'F8I', 'S32', 'S16', 'S16I', 'S8', 'S8I', 'code'];

export class Translator {
  constructor(rp2040) {
    this.core = rp2040.core;
    this.rp2040 = rp2040;
    const flash = rp2040.flash.buffer;
    const sram = rp2040.sram.buffer;
    this.code = new Uint8Array(SRAM_BYTES / 2 + 2); // 1 for each half-word of SRAM that was translated
    this.arrays = [
      this.core, new Int32Array(this.core.registers.buffer),
      new Int32Array(flash), new Uint16Array(flash), new Int16Array(flash), new Uint8Array(flash), new Int8Array(flash),
      new Int32Array(sram), new Uint16Array(sram), new Int16Array(sram), new Uint8Array(sram), new Int8Array(sram),
      this.code,
    ];
    this.entries = [new Array(FLASH_CODE_BYTES / 2), new Array(SRAM_BYTES / 2)]; // { run, label } by place; null: none
    this.heat = [new Uint16Array(FLASH_CODE_BYTES / 2), new Uint16Array(SRAM_BYTES / 2)];
    this.watchWrites();
  }

  // Code in SRAM that is written over must be translated anew.
  watchWrites() {
    for (const [name, bytes] of [['writeUint8', 1], ['writeUint16', 2], ['writeUint32', 4]]) {
      const write = this.rp2040[name].bind(this.rp2040);
      this.rp2040[name] = (address, value) => {
        write(address, value);
        const offset = (address - SRAM) >>> 0;
        if (offset < SRAM_BYTES && (this.code[offset >>> 1] || (bytes === 4 && this.code[(offset >>> 1) + 1]))) {
          this.entries[1] = new Array(SRAM_BYTES / 2);
          this.code.fill(0);
        }
      };
    }
  }

  // Runs translated code from the core's PC for at most `cycles`. Returns whether it got anywhere.
  run(cycles) {
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
    entry.run(entry.label, Math.min(cycles, 0x3fffffff) | 0);
    return core.cycles !== before;
  }

  translate(pc, area) {
    const blocks = this.discover(pc);
    if (blocks[0]?.start !== pc) {
      this.entries[area][(pc - (area === 0 ? FLASH : SRAM)) >> 1] = null;
      return;
    }
    const build = new Function(...NAMES, regionText(blocks));
    const run = build(...this.arrays);
    const base = area === 0 ? FLASH : SRAM;
    blocks.forEach((block, label) => {
      const place = (block.start - base) >> 1;
      if (label === 0 || !this.entries[area][place]) this.entries[area][place] = { run, label };
      if (area === 1) this.code.fill(1, place, place + (block.end - block.start) / 2);
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
    return translateInstruction(half(pc), half(pc + 2), pc, fixed, '@BAIL@');
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

const leave = (cycles, pc) => `{cyc+=${cycles};pc=${pc};break top;}`;

function blockText(block, label, labels) {
  const total = block.body.reduce((sum, { cycles }) => sum + cycles, 0);
  const { last } = block;
  const go = (cycles, address) =>
    address === block.start ? `{cyc+=${cycles};continue self;}`
    : labels.has(address) ? `{cyc+=${cycles};label=${labels.get(address)};continue top;}`
    : leave(cycles, address);
  let done = 0;
  const texts = block.body.map(({ pc, js, cycles }) => {
    const text = js.replaceAll('@BAIL@', leave(done, pc));
    done += cycles;
    return text;
  });
  let end;
  if (last?.jump !== undefined) end = leave(total, last.jump);
  else if (last && last.condition === undefined) end = go(total, last.target);
  else end = go(total, block.end);
  if (last?.condition !== undefined) end = `if(${last.condition})${go(total + 1, last.target)}${end}`;
  return `case ${label}:self:for(;;){if(cyc+${total + 1}>cycles)${leave(0, block.start)}${texts.join('\n')}${end}}\n`;
}

function regionText(blocks) {
  const labels = new Map(blocks.map(({ start }, label) => [start, label]));
  const text = blocks.map((block, label) => blockText(block, label, labels)).join('');
  const used = Array.from({ length: 15 }, (_, n) => n).filter((n) => new RegExp(`\\br${n}\\b`).test(text));
  return `return function (label, cycles) {
let ${used.map((n) => `r${n}=I[${n}]`).join()}${used.length ? ',' : ''}nz=core.Z?0:core.N?-1:1,c=core.C,v=core.V;
let cyc=0,pc=0,a=0,o=0,x=0,y=0,M=S32;
top:for(;;)switch(label){
${text}}
${used.map((n) => `I[${n}]=r${n};`).join('')}I[15]=pc;
core.N=nz<0;core.Z=nz===0;core.C=c;core.V=v;core.cycles+=cyc;
}`;
}
