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
  --cores 1|2        with 1, core 1 never answers (default 2)
  --no-flash-model   flash is as fast as SRAM
  --flash-divider N  the flash clock's divider, whatever the program sets
  --flash-fill 8|4   bytes that a cache miss brings in (default 8)
  --flash FILE@BYTE  put a file into flash, at an offset; may be repeated, and replaces X.uf2
  --profile ELF      say which functions took the cycles of the answers; ELF is the firmware's, for their names
  --json             print one JSON object instead of what the board says
  --max-seconds N    give up after so many seconds (default 600)
`;

const OPTIONS = {
  say: { type: 'string', multiple: true, default: [] },
  interactive: { type: 'boolean', default: false },
  uart: { type: 'boolean', default: false },
  flash: { type: 'string', multiple: true, default: [] },
  cores: { type: 'string', default: '2' },
  'no-flash-model': { type: 'boolean', default: false },
  'flash-divider': { type: 'string' },
  'flash-fill': { type: 'string', default: '8' },
  profile: { type: 'string' },
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
  if (!['1', '2'].includes(values.cores)) throw new UsageError(`--cores ${values.cores}: 1 or 2`);
  if (!['4', '8'].includes(values['flash-fill'])) throw new UsageError(`--flash-fill ${values['flash-fill']}: 8 or 4`);
  const divider = values['flash-divider'] === undefined ? null : Number(values['flash-divider']);
  if (divider !== null && !(divider >= 2 && divider <= 65534 && divider % 2 === 0)) {
    throw new UsageError(`--flash-divider ${values['flash-divider']}: an even number from 2 to 65534`);
  }
  if (!values.help && positionals.length + values.flash.length === 0) throw new UsageError('name a UF2 file');
  if (positionals.length > 1) throw new UsageError(`one UF2 file at a time; what is ${positionals[1]}?`);
  return { ...values, uf2: positionals[0], seconds, divider };
}

// Fetches the emulator's package the first time, then loads what needs it.
async function loadEmulator() {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  if (!existsSync(`${folder}/node_modules/rp2040js`)) {
    process.stderr.write('emulate: fetching the emulator (npm ci in tools/emulate)\n');
    const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'ignore' });
    if (npm.status !== 0) throw new Error(`cannot fetch rp2040js; run 'npm ci' in ${folder} to see why`);
  }
  return { ...(await import('./machine.mjs')), ...(await import('./talk.mjs')), ...(await import('./profile.mjs')) };
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
    const { core0, core1 } = last.perToken;
    const model = result.xip ? `modelled, divider ${result.xip.divider}` : 'not modelled';
    const line = (name, value) => lines.push(`${name.padEnd(21)} ${value}`);
    const count = (value) => value.toLocaleString('en');
    line('core cycles a token', count(last.cyclesPerToken) + (core1 ? `, core 1 ${count(core1.worked)}` : ''));
    line('waits for flash', `${count(core0.flashFetch)} for instructions, ${count(core0.flashData)} for data (${model})`);
    line('all cycles a token', `${count(last.totalCyclesPerToken)}, ${count(core0.slept)} of them asleep`);
    line('tokens/s at 125 MHz', last.tokensPerSecondAt125MHz.toFixed(2));
  }
  lines.push(`stack at most         ${result.stack.peakBytes} of ${result.stack.bytes} bytes`);
  lines.push(`arena                 ${result.arena.usedBytes} of ${result.arena.bytes} bytes`);
  if (last) lines.push(`digest                ${last.digest}`);
  if (result.profile) lines.push(result.profile);
  lines.push(`emulator              ${result.emulator.millionCyclesPerSecond} million core cycles a second`);
  return lines.join('\n');
}

// Million core cycles that were emulated: those that nobody slept or waited through.
const millionsRun = ({ core0, core1 }) => (core0.worked + (core1?.worked ?? 0)) / 1e6;

function converse({ Talk, Profile }, machine, settings) {
  const started = Date.now();
  const talk = new Talk(machine, started + settings.seconds * 1000);
  const greeting = talk.boot();
  machine.profile = settings.profile ? new Profile(settings.profile) : null;
  const replies = settings.say.map((line) => (line.startsWith('/') ? talk.answer(line) : talk.say(line)));
  const wall = (Date.now() - started) / 1000;
  const cycles = machine.cycles();
  const xip = machine.flashUse();
  const profile = machine.profile?.report() ?? null;
  machine.profile = null;
  machine.onOutput = () => {}; // what follows is for the summary only
  const { text, ...memory } = talk.info();
  return {
    port: machine.port,
    clockHz: CLOCK_HZ,
    greeting,
    goldenVector: /golden vector (ok|FAILED)/.exec(greeting)?.[1] ?? null,
    replies,
    ...memory,
    cycles,
    xip,
    ...(profile === null ? {} : { profile }),
    emulator: { seconds: wall, millionCyclesPerSecond: Math.round(millionsRun(cycles) / wall) },
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
  const modules = await loadEmulator();
  const machine = new modules.Machine({
    port: settings.uart ? 'uart' : 'usb',
    cores: Number(settings.cores),
    flashModel: !settings['no-flash-model'],
    flashDivider: settings.divider,
    flashFill: Number(settings['flash-fill']),
    onOutput: (text) => settings.json || process.stdout.write(text),
  });
  loadAll(machine, settings);
  if (settings.interactive) {
    interact(machine);
    return;
  }
  const result = converse(modules, machine, settings);
  process.stdout.write(settings.json ? `${JSON.stringify(result, null, 2)}\n` : `\n\n${summary(result)}\n`);
  if (result.goldenVector === 'FAILED') throw new Error('the golden vector was not reproduced');
}

try {
  await main();
} catch (error) {
  process.stderr.write(`emulate: ${error.message}\n${error instanceof UsageError ? USAGE : ''}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
