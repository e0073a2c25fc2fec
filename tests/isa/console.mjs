// console.mjs DOGBERRY MAKE_PRESETS FOLDER [MACHINE...]: the generic firmware on every machine in QEMU. Boots it with a store of
// three models, of which one is damaged, talks with it over its serial line as a person does, and holds what it says
// against `dogberry generate`; then boots the same program with other stores. FOLDER receives images, programs and
// stores. Prints a line a machine; the status is 77 where tools for one are missing.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const PATIENCE_MS = 240e3; // on a busy machine
const PROMPT = '\r\n> ';
const SUMMARY = /(\^C)?\n\[(\d+) tokens?, [\d.]+ tokens\/s, seed (\d+), digest ([0-9a-f]{8})\]\n$/;
const FORGOTTEN = /^\(that is longer than the context of (\d+) tokens; its beginning is forgotten\)\n/;
const SECTOR = 4096;
const LINE = 'Once upon a time there was a dog.';
const [WORDS, DAMAGED, TRANSFORMER] = ['char-int8', 'story-4k-int8', 'swiglu-int4'];

const [dogberry, makePresets, folder, ...wanted] = process.argv.slice(2);
const generic = fileURLToPath(new URL('../../firmware/generic', import.meta.url));
const image = (name) => `${folder}/${name}.dog`;
const json = (...args) => JSON.parse(execFileSync(dogberry, [...args, '--json'], { encoding: 'utf8' }));
const plain = (text) => text.replaceAll('\r\n', '\n');

// A machine with its serial line.
class Board {
  constructor(machine, program, store) {
    this.said = '';
    this.qemu = spawn(`${generic}/run.sh`, [machine, program, store], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.qemu.stdout.setEncoding('latin1');
    this.qemu.stdin.on('error', () => {}); // told by 'exit'
    this.qemu.stdout.on('data', (text) => {
      this.said += text;
      if (this.said.endsWith(PROMPT)) this.prompted?.();
    });
  }

  // Waits until the board prompts. Returns all it has said since then.
  async untilPrompt(what) {
    await new Promise((resolve, reject) => {
      const fail = (why) => reject(new Error(`${what}: ${why}; it had said: ${JSON.stringify(this.said.slice(-400))}`));
      const timer = setTimeout(() => fail('no prompt'), PATIENCE_MS);
      this.qemu.once('exit', (status) => fail(`the emulator ended with status ${status}`));
      this.prompted = () => {
        clearTimeout(timer);
        this.qemu.removeAllListeners('exit');
        resolve();
      };
      if (this.said.endsWith(PROMPT)) this.prompted();
    });
    this.prompted = undefined;
    const said = plain(this.said);
    this.said = '';
    return said.slice(0, -'> '.length);
  }

  // Types a line, and perhaps more. Returns the answer, without the echo.
  async command(line, more = '') {
    this.qemu.stdin.write(`${line}\r${more}`);
    const said = await this.untilPrompt(`the prompt after ${JSON.stringify(line.slice(0, 40))}`);
    return said.slice(said.indexOf('\n') + 1);
  }

  async say(line, more) {
    const said = await this.command(line, more);
    const summary = SUMMARY.exec(said);
    assert.ok(summary, `no reply: ${said}`);
    const [, stopped, tokens, seed, digest] = summary;
    const text = said.slice(0, summary.index).replace(FORGOTTEN, '').trim();
    const context = +FORGOTTEN.exec(said)?.[1]; // that the line was too long for
    return { text, context, stopped: !!stopped, tokens: +tokens, seed: +seed, digest };
  }

  stop() {
    this.qemu.kill();
  }
}

// Boots, lets `talk` talk, and switches off whatever happens.
async function withBoard(machine, program, store, talk) {
  const board = new Board(machine, program, store);
  try {
    return await talk(board, await board.untilPrompt('the first prompt'));
  } finally {
    board.stop();
  }
}

// What the PC says to the line.
function onPc(name, ...options) {
  const { text, digest, tokens } = json('generate', image(name), '-p', LINE, '--digest', ...options);
  return { text: Buffer.from(text).toString('latin1').slice(Buffer.byteLength(LINE)).trim(), digest, tokens };
}

async function sayTheSame(board, name, ...options) {
  const { text, digest, tokens } = await board.say(LINE);
  assert.deepEqual({ text, digest, tokens }, onPc(name, ...options));
  return digest;
}

async function checkReplies(board) {
  const digest = await sayTheSame(board, WORDS);
  assert.equal(await board.command('/reset'), 'forgotten; seed 1\n');
  assert.equal((await board.say(LINE)).digest, digest);
  assert.equal(await board.command('/seed 7'), 'forgotten; seed 7\n');
  assert.notEqual(await sayTheSame(board, WORDS, '-s', '7'), digest);
  assert.match(await board.command('/temp 1.25'), /temperature 1.25/);
  assert.match(await board.command('/top-k 5'), /top-k 5/);
  await board.command('/reset');
  await sayTheSame(board, WORDS, '-s', '7', '-t', '1.25', '-k', '5');
  assert.match(await board.command('/temp hot'), /takes a number from 0 to 10/);
  return digest;
}

async function checkModels(board) {
  const used = (name) => `${name}: \\d+ parameters, \\d+ bytes in slot \\d+, RAM ${json('inspect', image(`${name}`)).session_bytes};`;
  const list = await board.command('/models');
  assert.match(list, /^\* 1 char: .*; in use\n {2}2 \(damaged, in slot \d+\): DOGBERRY_ERR_CHECKSUM .*\n {2}3 swiglu: .*; ok\nfree: \d+ bytes/);
  assert.match(list, new RegExp(used(TRANSFORMER).replace(TRANSFORMER, 'swiglu')));
  assert.match(await board.command('/use 2'), /^it cannot be used: DOGBERRY_ERR_CHECKSUM at flash offset \d+\n$/);
  assert.match(await board.command('/use nobody'), /takes a name or a number/);
  assert.match(await board.command('/use swiglu'), /^model swiglu, number 3, seed 7\ngolden vector ok\n$/);
  const digest = await sayTheSame(board, TRANSFORMER, '-s', '7');
  assert.equal((await board.say(LINE)).context, 5);
  return digest;
}

async function checkCommands(board) {
  const info = await board.command('/info');
  const [, arena] = /arena: (\d+) of \d+ bytes used/.exec(info);
  assert.equal(+arena, json('inspect', image(TRANSFORMER)).session_bytes);
  const [, peak, stack] = /stack: (\d+) of (\d+) bytes used at most/.exec(info);
  assert.ok(+peak > 256 && +peak < +stack / 2, info);
  assert.match(info, /model: swiglu, .*vocabulary 300/);
  const rows = (await board.command('/bench')).trim().split('\n').slice(1).map((row) => row.split(/\s+/));
  assert.equal(new Set(rows.map((row) => row.at(-1))).size, 1); // one digest
  const kernels = rows.map(([name]) => name);
  assert.ok(kernels.includes('ref') || kernels.length === 1, kernels.join());
  const help = await board.command('/help');
  for (const name of ['models', 'use', 'info', 'bench', 'temp', 'top-k', 'seed', 'reset', 'help'])
    assert.match(help, new RegExp(`^/${name}[ :]`, 'm'));
  assert.match(await board.command('/dance'), /unknown command \/dance; /);
  return kernels;
}

async function checkTyping(board) {
  await board.command('/use char'); // which all but never ends by itself
  await board.command('/length 1000');
  const { stopped, tokens } = await board.say(LINE, '\x03');
  assert.ok(stopped && tokens < 1000, `${tokens} tokens`);
  assert.match(await board.command('x'.repeat(600)), /^line too long: 600 bytes, at most 511; ignored\n$/);
  assert.equal(await board.command('/resst\b\bet'), 'forgotten; seed 7\n');
}

// One store after another in front of the same program.
async function checkStores(machine, program, stores) {
  await withBoard(machine, program, stores.mixed, async (board, greeting) => {
    assert.match(greeting, /3 models, \d+ bytes checked in \d+ ms\nskipped model 2: DOGBERRY_ERR_CHECKSUM at flash offset \d+\n/);
    assert.match(greeting, /\nmodel char: \d+ parameters, \d+ bytes, seed 1\ngolden vector ok\n3 models in flash/);
    assert.equal(+/flash offset (\d+)/.exec(greeting)[1], stores.damagedAt);
  });
  await withBoard(machine, program, image(DAMAGED), async (board, greeting) => { // sound, and alone
    assert.match(greeting, /1 model, .*\nmodel story-4k: /);
    await sayTheSame(board, DAMAGED);
  });
  await withBoard(machine, program, stores.nothing, async (board, greeting) => {
    assert.match(greeting, /no model: DOGBERRY_ERR_MAGIC/);
    assert.match(await board.command(LINE), /no model: DOGBERRY_ERR_MAGIC/);
    assert.match(await board.command('/models'), /^free: \d+ bytes, from slot 0 on\n$/);
  });
}

async function checkMachine(machine, stores) {
  const program = `${folder}/${machine}.elf`;
  try {
    await promisify(execFile)(`${generic}/build.sh`, [machine, program]);
  } catch (error) {
    if (error.code === 77) return error.stdout.trim();
    throw error;
  }
  const said = await withBoard(machine, program, stores.mixed, async (board) => {
    const words = await checkReplies(board);
    const transformer = await checkModels(board);
    const kernels = await checkCommands(board);
    await checkTyping(board);
    return `${WORDS} ${words}, ${TRANSFORMER} ${transformer}; kernels: ${kernels.join(', ')}`;
  });
  await checkStores(machine, program, stores);
  return `ok: ${said}`;
}

// Mistakes on the command lines of build.sh and run.sh: status and a line that says what it was.
function checkScripts(stores) {
  const fails = (script, args, status, message) => {
    const { status: actual, stderr } = spawnSync(`${generic}/${script}`, args, { encoding: 'utf8' });
    assert.equal(actual, status);
    assert.match(stderr, message);
  };
  const large = `${folder}/large.bin`;
  writeFileSync(large, Buffer.alloc((8 << 20) + 1));
  fails('build.sh', ['m9', `${folder}/m9.elf`], 2, /^usage: build.sh MACHINE .* m0 m3 m4 /);
  fails('run.sh', ['m4', stores.mixed], 2, /^usage: run.sh MACHINE/);
  fails('run.sh', ['m4', `${folder}/none.elf`, stores.mixed], 1, /cannot read .*none\.elf/);
  fails('run.sh', ['m4', stores.mixed, large], 1, /has 8388609 bytes; m4 takes 8 MiB/);
}

// Two sound models around one with a bit flipped; nothing but noise.
function makeStores() {
  mkdirSync(folder, { recursive: true });
  const names = [WORDS, DAMAGED, TRANSFORMER];
  execFileSync(makePresets, [folder, ...names]);
  const [mixed, nothing] = [`${folder}/mixed.bin`, `${folder}/nothing.bin`];
  execFileSync(dogberry, ['store', 'make', '-o', mixed, ...names.map(image)]);
  const bytes = readFileSync(mixed);
  const damagedAt = Math.ceil(readFileSync(image(WORDS)).length / SECTOR) * SECTOR;
  bytes[damagedAt + 1000] ^= 1;
  writeFileSync(mixed, bytes);
  writeFileSync(nothing, Buffer.alloc(3 * SECTOR, 'no model'));
  return { mixed, nothing, damagedAt };
}

const list = `. "${generic}/machines.sh"; echo "\${machines[@]}"`;
const machines = wanted.length ? wanted : execFileSync('bash', ['-c', list], { encoding: 'utf8' }).trim().split(' ');
const stores = makeStores();
checkScripts(stores);
const results = {};
const waiting = [...machines];
async function worker() {
  for (let machine; (machine = waiting.shift()); ) {
    results[machine] = await checkMachine(machine, stores).catch((error) => `FAILED: ${error.message}`);
    console.log(`${machine}: ${results[machine]}`);
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, worker));
const count = (begin) => machines.filter((machine) => results[machine].startsWith(begin)).length;
console.log(`consoles that say what the PC says: ${count('ok')} of ${machines.length}`);
process.exitCode = count('FAILED') > 0 ? 1 : count('skipped') > 0 ? 77 : 0;
