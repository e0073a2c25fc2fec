#!/usr/bin/env node
// Boots a UF2 on an emulated Raspberry Pi Pico, talks with it and says what it cost.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLOCK_HZ } from './clock.mjs';
import { readUf2 } from './uf2.mjs';

const USAGE = `usage: emulate.mjs X.uf2 [options]
  --say LINE         type a line (a prompt or a /command) and wait for the answer; may be repeated
  --interactive      talk from this terminal; Ctrl-] leaves
  --uart             use UART0 instead of USB
  --flash FILE@BYTE  put a file into flash, at an offset; may be repeated, and replaces X.uf2
  --json             print one JSON object instead of what the board says
  --max-seconds N    give up after so many seconds (default 600)
`;

const OPTIONS = {
  say: { type: 'string', multiple: true, default: [] },
  interactive: { type: 'boolean', default: false },
  uart: { type: 'boolean', default: false },
  flash: { type: 'string', multiple: true, default: [] },
  json: { type: 'boolean', default: false },
  'max-seconds': { type: 'string', default: '600' },
  help: { type: 'boolean', default: false },
};

class UsageError extends Error {}

function readArguments() {
  let parsed;
  try {
    parsed = parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error.message);
  }
  const { values, positionals } = parsed;
  const seconds = Number(values['max-seconds']);
  if (!(seconds > 0)) throw new UsageError(`--max-seconds ${values['max-seconds']}: not a number of seconds`);
  if (!values.help && positionals.length + values.flash.length === 0) throw new UsageError('name a UF2 file');
  if (positionals.length > 1) throw new UsageError(`one UF2 file at a time; what is ${positionals[1]}?`);
  return { ...values, uf2: positionals[0], seconds };
}

// Fetches the emulator's package the first time, then loads what needs it.
async function loadEmulator() {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  if (!existsSync(`${folder}/node_modules/rp2040js`)) {
    process.stderr.write('emulate: fetching the emulator (npm ci in tools/emulate)\n');
    const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
    if (npm.status !== 0) throw new Error(`cannot fetch rp2040js; run 'npm ci' in ${folder} to see why`);
  }
  return { ...(await import('./machine.mjs')), ...(await import('./talk.mjs')) };
}

function loadAll(machine, settings) {
  if (settings.uf2) {
    const pieces = readUf2(readFileSync(settings.uf2), machine.flashBytes);
    for (const { offset, bytes } of pieces) machine.loadFlash(offset, bytes);
  }
  for (const item of settings.flash) {
    const [, file, offset] = /^(.*)@(\d+|0x[0-9a-f]+)$/i.exec(item) ?? [];
    if (file === undefined) throw new UsageError(`--flash ${item}: not of the form FILE@OFFSET`);
    machine.loadFlash(Number(offset), readFileSync(file));
  }
}

function summary(result) {
  const last = result.replies.findLast(({ digest }) => digest);
  const lines = [];
  if (last?.cyclesPerToken) {
    lines.push(`core cycles a token   ${last.cyclesPerToken.toLocaleString('en')}`);
    lines.push(`tokens/s at 125 MHz   ${last.tokensPerSecondAt125MHz.toFixed(2)} (waits for flash are not modelled)`);
  }
  lines.push(`stack at most         ${result.stack.peakBytes} of ${result.stack.bytes} bytes`);
  lines.push(`arena                 ${result.arena.usedBytes} of ${result.arena.bytes} bytes`);
  if (last) lines.push(`digest                ${last.digest}`);
  lines.push(`emulator              ${result.emulator.millionCyclesPerSecond} million core cycles a second`);
  return lines.join('\n');
}

function converse(Talk, machine, settings) {
  const started = Date.now();
  const talk = new Talk(machine, started + settings.seconds * 1000);
  const greeting = talk.boot();
  const replies = settings.say.map((line) => (line.startsWith('/') ? talk.answer(line) : talk.say(line)));
  const wall = (Date.now() - started) / 1000;
  const cycles = machine.core.cycles;
  machine.onOutput = () => {}; // what follows is for the summary only
  const { text, ...memory } = talk.info();
  return {
    port: machine.port,
    clockHz: CLOCK_HZ,
    greeting,
    goldenVector: /golden vector (ok|FAILED)/.exec(greeting)?.[1] ?? null,
    replies,
    ...memory,
    emulator: { seconds: wall, cycles, millionCyclesPerSecond: Math.round(cycles / wall / 1e6) },
  };
}

// The board's serial port on this terminal, until Ctrl-].
function interact(machine) {
  const { stdin } = process;
  let resume = null;
  const leave = () => {
    stdin.setRawMode?.(false);
    process.stdout.write('\n');
    process.exit(0);
  };
  stdin.setRawMode?.(true);
  stdin.on('data', (bytes) => {
    if (bytes.includes(0x1d)) leave();
    machine.send(bytes.toString('utf8'));
    resume?.();
  });
  stdin.on('end', () => (stdin.isTTY ? leave() : null));
  machine.start();
  const step = () => {
    resume = null;
    machine.run(5e6, () => machine.idle);
    if (machine.idle) resume = () => setImmediate(step);
    else setImmediate(step);
  };
  step();
}

async function main() {
  const settings = readArguments();
  if (settings.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { Machine, Talk } = await loadEmulator();
  const machine = new Machine({
    port: settings.uart ? 'uart' : 'usb',
    onOutput: (text) => settings.json || process.stdout.write(text),
  });
  loadAll(machine, settings);
  if (settings.interactive) {
    interact(machine);
    return;
  }
  const result = converse(Talk, machine, settings);
  process.stdout.write(settings.json ? `${JSON.stringify(result, null, 2)}\n` : `\n\n${summary(result)}\n`);
  if (result.goldenVector === 'FAILED') throw new Error('the golden vector was not reproduced');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`emulate: ${error.message}\n${error instanceof UsageError ? USAGE : ''}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
