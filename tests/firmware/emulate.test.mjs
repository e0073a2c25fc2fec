// The emulator's command line, and the binaries themselves.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { file, firmware, hostReplies, infoBlock, MODEL_OFFSET, tinyModel } from './board.mjs';

const PROGRAM = fileURLToPath(new URL('../../tools/emulate/emulate.mjs', import.meta.url));
const folder = mkdtempSync(`${tmpdir()}/emulate-`);
test.after(() => rmSync(folder, { recursive: true }));

const run = (options, input) => spawnSync(process.execPath, [PROGRAM, ...options], { encoding: 'utf8', input });
const emulate = (...options) => run(options);

// A UF2 of [offset, bytes] pieces; `change` may spoil it.
function makeUf2(pieces, change = () => {}) {
  const payloads = pieces.flatMap(([offset, bytes]) =>
    Array.from({ length: Math.ceil(bytes.length / 256) }, (_, i) => [
      offset + 256 * i,
      bytes.subarray(256 * i, 256 * i + 256),
    ]),
  );
  const uf2 = Buffer.alloc(payloads.length * 512);
  payloads.forEach(([offset, bytes], i) => {
    const words = [0x0a324655, 0x9e5d5157, 0x2000, 0x10000000 + offset, 256, i, payloads.length, 0xe48bff56];
    words.forEach((word, n) => uf2.writeUInt32LE(word, 512 * i + 4 * n));
    bytes.copy(uf2, 512 * i + 32);
    uf2.writeUInt32LE(0x0ab16f30, 512 * i + 508);
  });
  change(uf2);
  const path = `${folder}/test.uf2`;
  writeFileSync(path, uf2);
  return path;
}

const whole = (change) => makeUf2([[0, firmware()], [MODEL_OFFSET, tinyModel()]], change);

test('a UF2 boots, talks and is summed up', () => {
  const { status, stdout } = emulate(whole(), '--say', 'who goes there', '--json');
  assert.equal(status, 0);
  const result = JSON.parse(stdout);
  assert.equal(result.goldenVector, 'ok');
  assert.equal(result.replies[0].digest, hostReplies('1', '40', 'who goes there')[0].digest);
  assert.ok(result.replies[0].cyclesPerToken > 10000 && result.replies[0].cyclesPerToken < 1e6);
  const seeded = JSON.parse(emulate(whole(), '--say', '/seed 9', '--say', 'who goes there', '--json').stdout);
  assert.deepEqual(seeded.replies[0], { say: '/seed 9', text: 'forgotten; seed 9\n' });
  assert.equal(seeded.replies[1].digest, hostReplies('9', '40', 'who goes there')[0].digest);
  const plain = emulate(whole(), '--uart', '--say', 'who goes there');
  assert.match(plain.stdout, /digest {16}[0-9a-f]{8}/);
  assert.match(plain.stdout, /waits for flash {7}[\d,]+ for instructions, [\d,]+ for data \(modelled, divider 2\)/);
});

test('core cycles and waits for flash are told apart, and their sum is what counts', () => {
  const lines = ['--say', '/copy 0', '--say', 'who goes there'];
  const talk = (...options) => JSON.parse(emulate(whole(), ...lines, '--json', ...options).stdout);
  const result = talk();
  const [, reply] = result.replies;
  const { core0, core1, total } = reply.perToken;
  assert.equal(reply.totalCyclesPerToken, total);
  const parts = core0.worked + core0.flashFetch + core0.flashData + core0.slept;
  assert.ok(Math.abs(parts - total) <= 2, `${parts} of ${total} cycles`); // each is rounded
  assert.ok(core1.worked > 0 && core1.worked < core0.worked, 'core 1 has its share');
  assert.ok(Math.abs(reply.tokensPerSecondAt125MHz * total - 125e6) < 125e3);
  const { accesses, hits, missCycles, readers } = result.xip;
  assert.equal(missCycles, 2 * (12 + 16));
  const sum = (key) => Object.values(readers).reduce((n, { fetch, data }) => n + fetch[key] + data[key], 0);
  assert.deepEqual([sum('accesses'), sum('hits')], [accesses, hits]);
  assert.equal(talk('--flash-divider', '6').xip.missCycles, 6 * (12 + 16));
  assert.equal(talk('--flash-fill', '4').xip.missCycles, 2 * (12 + 8));
  const plain = talk('--no-flash-model', '--cores', '1');
  assert.deepEqual([plain.xip, plain.replies[1].stallCyclesPerToken], [null, 0]);
  assert.equal(plain.replies[1].digest, reply.digest);
  const unhindered = talk('--no-flash-model').replies[1];
  assert.ok(unhindered.tokensPerSecondAt125MHz > reply.tokensPerSecondAt125MHz);
});

test('a profile names the functions that took the cycles', () => {
  const elf = file('rp2040.elf');
  const { status, stdout } = emulate(whole(), '--say', 'who goes there', '--profile', elf);
  assert.equal(status, 0);
  assert.match(stdout, /^core 0 +\d+ +[\d.]+ % {2}dogberry_matvec_i8_armv6m$/m);
  assert.match(stdout, /^core 1 +\d+ +[\d.]+ % {2}dogberry_matvec_i8_armv6m$/m);
  const { status: wrong, stderr } = emulate(whole(), '--profile', PROGRAM);
  assert.deepEqual([wrong, stderr.trim()], [1, 'emulate: not a 32-bit ELF file']);
});

test('interactively, what is typed is answered', () => {
  const { status, stdout } = run([whole(), '--interactive'], 'who goes there\r');
  assert.equal(status, 0);
  assert.match(stdout, new RegExp(`digest ${hostReplies('1', '40', 'who goes there')[0].digest}\\]\r\n> $`));
});

for (const [name, change, complaint] of [
  ['cut file', (uf2) => uf2, /whole number of 512-byte blocks/],
  ['wrong magic number', (uf2) => uf2.writeUInt32LE(0, 512), /UF2 block 1: wrong magic number/],
  ['other family', (uf2) => uf2.writeUInt32LE(0xe48bff59, 28), /UF2 block 0: is for family 0xe48bff59/],
  ['wrong numbering', (uf2) => uf2.writeUInt32LE(7, 1024 + 20), /UF2 block 2: is numbered 7/],
  ['address outside flash', (uf2) => uf2.writeUInt32LE(0x20000000, 12), /UF2 block 0: 0x20000000 is outside/],
  ['address twice', (uf2) => uf2.writeUInt32LE(0x10000000, 512 + 12), /UF2 block 1: 0x10000000 is written twice/],
]) {
  test(`a UF2 with ${name} is refused`, () => {
    const path = whole(change);
    if (name === 'cut file') writeFileSync(path, tinyModel().subarray(0, 700));
    const { status, stderr } = emulate(path);
    assert.equal(status, 1);
    assert.match(stderr, complaint);
  });
}

test('a board that never answers is a timeout, not a hang', () => {
  const loop = Buffer.from([0xfe, 0xe7]); // b .
  const { status, stderr } = emulate(makeUf2([[0, loop]]), '--max-seconds', '1');
  assert.equal(status, 1);
  assert.match(stderr, /timed out waiting for the board's first prompt/);
});

test('a breakpoint is reported with its address', () => {
  const { status, stderr } = emulate(makeUf2([[0, Buffer.from([0x00, 0xbe])]]));
  assert.equal(status, 1);
  assert.match(stderr, /breakpoint, address 0x20041f00/);
});

test('a prompt without a model is an error with what the board said', () => {
  const { status, stderr } = emulate(makeUf2([[0, firmware()]]), '--say', 'who goes there');
  assert.equal(status, 1);
  assert.match(stderr, /no reply .* no model: DOGBERRY_ERR_MAGIC/);
});

test('wrong options are refused with the usage', () => {
  for (const options of [[], ['--nonsense'], ['x.uf2', '--max-seconds', 'x'], ['--flash', 'x'], ['a', 'b'],
    ['x.uf2', '--cores', '3'], ['x.uf2', '--flash-divider', '3'], ['x.uf2', '--flash-fill', '16']]) {
    const { status, stderr } = emulate(...options);
    assert.equal(status, 2);
    assert.match(stderr, /usage: emulate\.mjs/);
  }
});

for (const chip of ['rp2040', 'pico2']) {
  test(`the ${chip} firmware states its sizes and leaves the model its place`, () => {
    const binary = firmware(chip);
    const { version, modelOffset, flashBytes, ramBytes, arenaBytes, stackBytes, reserved } = infoBlock(binary);
    assert.deepEqual([version, modelOffset, reserved], [1, MODEL_OFFSET, 0]);
    assert.equal(flashBytes, binary.length);
    assert.ok(flashBytes <= 64 * 1024, `firmware of ${flashBytes} bytes`);
    assert.equal(arenaBytes, 220 * 1024);
    // Beside the arena: buffers, and what runs for every token, from RAM.
    assert.ok(ramBytes > arenaBytes && ramBytes < arenaBytes + 36 * 1024, `${ramBytes} bytes of RAM`);
    assert.equal(stackBytes, 4096);
  });
}

test('the firmware calls no function of the boot ROM', () => {
  const { stdout } = spawnSync('arm-none-eabi-nm', [file('rp2040.elf')], { encoding: 'utf8' });
  assert.match(stdout, / main$/m);
  assert.doesNotMatch(stdout, /rom_(func|data|funcs)_lookup|__wrap_printf|malloc/);
});
