#!/usr/bin/env node
// What the runtime takes on a bare machine, measured: worst-case stack, code, variables, foreign symbols.
//
//     bounds.mjs SOURCE_DIR [ONLY]    prints the tables of docs/PORTING.md; status 1 where a bound does not hold, else 77
//                                     where a target's compiler is missing.
//                                     ONLY: a part of a target's name and level, as "RV32IMC -Os"
//
// The runtime is compiled for each target as a firmware would. A function's own frame is what the compiler
// says (-fstack-usage), or for functions that it does not know (assembly, the compiler's own arithmetic) the sum of
// all that their instructions push. Who calls whom is read from the disassembly of the linked program. Calls through
// pointers are resolved by the tables below; any other is an error, and so are recursion and frames whose
// size is not known when compiling.
//
// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

// Most bytes of stack that any public function may take, by target: measured, and a little for other compilers.
const TARGETS = [
  { name: 'Cortex-M0+', prefix: 'arm-none-eabi-', flags: ['-mcpu=cortex-m0plus', '-mthumb'], stack: 1300 },
  { name: 'RV32IMC', prefix: 'riscv64-unknown-elf-', flags: ['-march=rv32imc', '-mabi=ilp32'], stack: 980 },
];
const LEVELS = ['-Os', '-O2'];
const TEXT_MAX = { 'Cortex-M0+ -Os': 34048 }; // less without transformers: tests/runtime/check_freestanding.sh

// Who calls through the table of kernels, and what may stand there.
const KERNEL_CALLS = [
  [/^(project(_some)?|dot|dogberry_kernels_checked|first_difference|try_i[48])$/, /^((dogberry_)?matvec|dogberry_(ref_)?rescale)(_\w+)?$/],
  [/^take_weights$/, /^dogberry_(ref_)?take(_\w+)?$/],
  [/^dogberry_attention$/, /^dogberry_ref_share$/],
  [/^dogberry_ref_share$/, /^run_some$/],
  [/^dogberry_sum_terms$/, /^dogberry_(ref_)?add_columns(_\w+)?$/],
  [/^dogberry_feed_forward$/, /^dogberry_ref_swiglu$/],
  [/^(run_heads|score)$/, /^(dogberry_(ref_)?)?(scores|weigh|mix)(_\w+)?$/],
];

// Who calls what the runtime's caller gave it, whose stack comes on top (dogberry_kernels_checked() does, too).
const CALLBACK_CALLERS = /^(dogberry_(say|draw|fetch(_u16)?_from)|share_project)$/;

// Assembly that returns through registers: the compiler's own, and from one part of a function to another.
const REGISTER_RETURNS = /^(__|dogberry_add_columns_armv6m$)/;

// Assembly that hands its arguments on with nothing of its own on the stack any more, and to whom.
const HANDS_ON = [/^dogberry_matvec_i8_short_armv6m$/, /^dogberry_matvec_i8_armv6m$/];

// Code that a port brings along anyway; everything else the runtime must define itself.
const FOREIGN = /^(mem(cpy|set|cmp|move)|__(aeabi|gnu_thumb1_case)_\w+|__(u?div|u?mod|mul|ashl|ashr|lshr)[sd]i3)$/;

class Broken extends Error {}

const outputOf = (command, ...options) => execFileSync(command, options, { encoding: 'utf8', maxBuffer: 1 << 28 });
const linesOf = (text) => text.split('\n').filter((line) => line !== '');
const fieldsOf = (line) => line.trim().split(/\s+/);
const withoutSuffix = (name) => name.replace(/\..*/, ''); // clones and parts count as their function
const deepest = (numbers) => Math.max(0, ...numbers);

function sourcesOf(source) {
  const inside = (folder, pattern) =>
    readdirSync(join(source, folder)).filter((name) => pattern.test(name)).map((name) => join(source, folder, name));
  const kernels = readdirSync(join(source, 'runtime/kernels'), { withFileTypes: true });
  const folders = kernels.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return [...inside('runtime/src', /\.c$/), ...folders.flatMap((f) => inside(`runtime/kernels/${f}`, /\.[cS]$/))].sort();
}

// Compiles every file of the runtime, and links all of it with memory.c. Returns the objects and the program.
function compileAll(source, target, level, work) {
  const gcc = (...options) => execFileSync(`${target.prefix}gcc`, [...target.flags, ...options], { stdio: 'inherit' });
  const flags = [level, '-std=c99', '-ffreestanding', '-ffunction-sections', '-fno-jump-tables', '-fstack-usage',
    `-I${source}/runtime/include`, `-I${source}/runtime/src`];
  const objects = sourcesOf(source).map((file) => {
    const object = join(work, `${basename(dirname(file))}-${basename(file)}.o`);
    gcc(...flags, '-c', file, '-o', object);
    return object;
  });
  const foreign = foreignSymbols(target, objects);
  if (foreign.length > 0) throw new Broken(`needs symbols that a bare machine lacks: ${foreign.join(' ')}`);
  const memory = join(work, 'memory.o'), program = join(work, 'program.elf');
  gcc(...flags, '-fno-tree-loop-distribute-patterns', '-c', `${source}/tests/bounds/memory.c`, '-o', memory);
  gcc('-nostdlib', '-Wl,-e,0', '-Wl,--no-warn-rwx-segments', ...objects, memory, '-lgcc', '-o', program);
  return { objects, program };
}

// Frame sizes by "file function" and by function.
function framesSaid(work) {
  const frames = new Map();
  const note = (key, size) => frames.set(key, Math.max(size, frames.get(key) ?? 0));
  for (const file of readdirSync(work).filter((name) => name.endsWith('.su')))
    for (const line of linesOf(readFileSync(join(work, file), 'utf8'))) {
      const [place, size, kind] = line.split('\t');
      const name = withoutSuffix(place.split(':').at(-1));
      if (kind !== 'static' && kind !== 'dynamic,bounded')
        throw new Broken(`${place}: the size of its frame is not known when compiling (${kind})`);
      note(`${withoutSuffix(file.split('-').at(-1))} ${name}`, Number(size));
      note(name, Number(size));
    }
  return frames;
}

// Bytes by which an instruction moves the stack pointer down, 0 for all that leave it or move it up.
function pushed(instruction, operands) {
  if (/^(push(\.w)?|stmdb|stmfd)$/.test(instruction)) {
    if (instruction.startsWith('stm') && !operands.startsWith('sp!')) return 0;
    const registers = operands.match(/\{(.*)\}/)[1].split(',').map((part) => part.match(/(\d+)\s*-\D*(\d+)/));
    return 4 * registers.reduce((count, range) => count + (range ? range[2] - range[1] + 1 : 1), 0);
  }
  const arm = operands.split('@')[0].trim().match(/^(?:sp, )?(?:sp, )?#(\d+)$/);
  if (/^(sub|sub\.w|subw)$/.test(instruction) && arm) return Number(arm[1]);
  const riscv = operands.split('#')[0].trim().match(/^sp,sp,-(\d+)$/);
  if (/^(addi|c\.addi16sp|add)$/.test(instruction) && riscv) return Number(riscv[1]);
  const stored = operands.match(/\[sp, #-(\d+)\]!/);
  if (stored) return Number(stored[1]);
  if (/^sp[,!]/.test(operands) && !/^(add|ldm|pop|vpop)/.test(instruction) && !/^(cmp|lw|sw)$/.test(instruction))
    throw new Broken(`cannot follow the stack pointer through: ${instruction} ${operands}`);
  return 0;
}

// Adds one instruction to its function.
function follow(current, instruction, operands) {
  try {
    current.pushes += pushed(instruction, operands);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    current.broken = error.message;
  }
  const jump = operands.match(/\b([0-9a-f]+) <[^>]+>/);
  if (jump && /^((b|bl|blx|b\w\w)(\.[nw])?$|j(al)?$|b\w+$|c?bn?z$|tail$)/.test(instruction)) {
    current.calls.add(parseInt(jump[1], 16));
    if (/^(blx?|jal)$/.test(instruction)) current.called.add(parseInt(jump[1], 16)); // a call, where a loop is a jump
  } else if (/^(blx|jalr|jr)$/.test(instruction) || (instruction === 'bx' && !operands.startsWith('lr'))) {
    current.pointer = true;
  }
}

// Functions by address: name, file of local ones, sum of pushes, where it goes (by calls and jumps; by calls
// alone), whether through a pointer.
function readProgram(target, program) {
  const functions = new Map();
  const add = (address, name, file) =>
    functions.set(address, { name, file, pushes: 0, calls: new Set(), called: new Set(), pointer: false, broken: null });
  let file = '';
  for (const line of linesOf(outputOf(`${target.prefix}readelf`, '-sW', program))) {
    const field = fieldsOf(line);
    if (field.length === 8 && field[3] === 'FILE') file = withoutSuffix(field[7]);
    else if (field.length === 8 && field[3] === 'FUNC')
      add(parseInt(field[1], 16) & ~1, field[7], field[4] === 'LOCAL' ? file : null);
  }
  let current = null;
  for (const line of linesOf(outputOf(`${target.prefix}objdump`, '-d', '--no-show-raw-insn', program))) {
    const start = line.match(/^([0-9a-f]+) <(.*)>:$/);
    const code = line.match(/^\s*[0-9a-f]+:\t(\S+)\s*(.*)/);
    if (start) {
      const address = parseInt(start[1], 16);
      if (!functions.has(address) && /^[$.]/.test(start[2])) continue;
      if (!functions.has(address)) add(address, start[2], null);
      current = functions.get(address);
    } else if (code && current) {
      follow(current, code[1], code[2]);
    }
  }
  return functions;
}

function frameOf(fn, name, frames) {
  const own = (fn.file === null ? undefined : frames.get(`${fn.file} ${name}`)) ?? frames.get(name);
  if (own === undefined && fn.broken) throw new Broken(`${name}: ${fn.broken}`);
  return own ?? fn.pushes;
}

// The deepest stack from each function's entry on, by name.
function depths(functions, frames) {
  const starts = [...functions.keys()].sort((a, b) => a - b);
  const ownerOf = (address) => starts.findLast((start) => start <= address);
  const named = (pattern) => starts.filter((start) => pattern.test(withoutSuffix(functions.get(start).name)));
  const done = new Map();

  function calleesOf(address, fn, name) {
    const callees = new Set([...fn.calls].map(ownerOf));
    callees.delete(address);
    callees.delete(undefined);
    if (!fn.pointer || REGISTER_RETURNS.test(name)) return callees;
    const kernels = [...KERNEL_CALLS, HANDS_ON].find(([callers]) => callers.test(name));
    if (kernels) named(kernels[1]).forEach((kernel) => callees.add(kernel));
    else if (!CALLBACK_CALLERS.test(name)) throw new Broken(`${name} calls through a pointer`);
    return callees;
  }

  function depth(address, path) {
    const fn = functions.get(address), name = withoutSuffix(fn.name);
    const reached = [...path, address];
    if (path.includes(address) || fn.called.has(address))
      throw new Broken(`recursion: ${reached.map((a) => functions.get(a).name).join(' -> ')}`);
    if (!done.has(address)) {
      const beyond = deepest([...calleesOf(address, fn, name)].map((callee) => depth(callee, reached)));
      const own = frameOf(fn, name, frames);
      done.set(address, HANDS_ON[0].test(name) ? Math.max(own, beyond) : own + beyond);
    }
    return done.get(address);
  }

  return new Map(starts.map((start) => [functions.get(start).name, depth(start, [])]));
}

function foreignSymbols(target, objects) {
  const lines = linesOf(outputOf(`${target.prefix}nm`, ...objects));
  const defined = new Set(lines.filter((line) => /^[0-9a-f]+ [A-Z] /.test(line)).map((line) => fieldsOf(line)[2]));
  const wanted = new Set(lines.filter((line) => /^\s*U /.test(line)).map((line) => fieldsOf(line)[1]));
  return [...wanted].filter((name) => !defined.has(name) && !FOREIGN.test(name)).sort();
}

function sizes(target, objects) {
  const [text, data, bss] = fieldsOf(linesOf(outputOf(`${target.prefix}size`, '-t', ...objects)).at(-1)).map(Number);
  return { text, data, bss };
}

function publicFunctions(source) {
  const header = readFileSync(`${source}/runtime/include/dogberry.h`, 'utf8').replace(/\/\*[^]*?\*\//g, '');
  return [...header.matchAll(/^[a-z][\w ]*?[ *](dogberry_\w+)\(/gm)].map((match) => match[1]);
}

// A column of the table.
function measure(source, target, level) {
  const title = `${target.name} ${level}`;
  const work = mkdtempSync(join(tmpdir(), 'bounds-'));
  try {
    const { objects, program } = compileAll(source, target, level, work);
    const size = sizes(target, objects);
    if (size.data || size.bss) throw new Broken(`has variables of its own: data ${size.data}, bss ${size.bss} bytes`);
    if (size.text > (TEXT_MAX[title] ?? size.text))
      throw new Broken(`${size.text} bytes of code and tables, more than ${TEXT_MAX[title]}`);
    const stack = depths(readProgram(target, program), framesSaid(work));
    const lost = publicFunctions(source).find((name) => !stack.has(name));
    if (lost) throw new Broken(`${lost} is in the header but not in the program`);
    return { title, size, stack, worst: deepest(publicFunctions(source).map((name) => stack.get(name))) };
  } finally {
    rmSync(work, { recursive: true });
  }
}

function printTable(source, columns) {
  const row = (title, cells) => console.log(`| ${[title, ...cells].join(' | ')} |`);
  row('bytes of stack', columns.map((column) => column.title));
  console.log(`${'|---'.repeat(columns.length + 1)}|`);
  for (const name of publicFunctions(source)) row(name, columns.map((column) => column.stack.get(name)));
  row('*deepest*', columns.map((column) => column.worst));
  row('*code and tables, all of the runtime*', columns.map((column) => column.size.text));
}

function main([folder, only = '']) {
  const source = resolve(folder), columns = [];
  const levelsOf = (target) => LEVELS.filter((level) => `${target.name} ${level}`.includes(only));
  const wanted = TARGETS.filter((target) => levelsOf(target).length > 0);
  const targets = wanted.filter((target) => spawnSync(`${target.prefix}gcc`, ['--version']).status === 0);
  for (const target of wanted) if (!targets.includes(target)) console.log(`skipped: no ${target.prefix}gcc`);
  let broken = false;
  for (const target of targets)
    for (const level of levelsOf(target))
      try {
        const column = measure(source, target, level);
        columns.push(column);
        if (column.worst > target.stack) throw new Broken(`${column.worst} bytes of stack, more than ${target.stack}`);
      } catch (error) {
        if (!(error instanceof Broken)) throw error;
        console.log(`${target.name} ${level}: ${error.message}`);
        broken = true;
      }
  if (columns.length > 0) printTable(source, columns);
  return broken ? 1 : targets.length < wanted.length ? 77 : 0;
}

process.exitCode = main(process.argv.slice(2));
