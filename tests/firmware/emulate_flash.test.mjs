// Waits for flash, to the cycle: the cache, its counters, streams, long transfers and what must not be read meanwhile.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { FLASH, flashByte, runTiny, SRAM } from './tiny.mjs';

const ADDRESS_AND_DUMMIES = 12; // SCK cycles: 8 nibbles of address and mode, 4 cycles of waiting
const LINE = ADDRESS_AND_DUMMIES + 16;
const WORD = ADDRESS_AND_DUMMIES + 8;
const SET_STRIDE = 8192; // bytes between lines of the same set

// Reads `count` words, `stride` bytes apart, from `address`; `passes` times.
const readWords = ({ address = FLASH + 0x10000, count, stride = 4, passes = 1 }) => `
    ldr r3, =${passes}
  pass:
    ldr r1, =${address}
    ldr r2, =${count}
    ldr r4, =${stride}
  next:
    ldr r0, [r1]
    adds r1, r4
    subs r2, #1
    bne next
    subs r3, #1
    bne pass
    bkpt #0
    .ltorg
`;

const dataOf = ({ core }) => ({
  accesses: core.counts.accesses[1], misses: core.counts.misses[1], stalls: core.counts.stalls[1],
});

for (const translate of [false, true]) {
  const how = translate ? 'translated' : 'interpreted';

  test(`sequential reads wait for every other word, ${how}`, () => {
    for (const divider of [2, 4]) {
      const machine = runTiny(readWords({ count: 2048 }), { divider, translate });
      assert.deepEqual(dataOf(machine), { accesses: 2048, misses: 1024, stalls: 1024 * LINE * divider });
      assert.equal(machine.core.cycles, machine.core.worked + machine.core.counts.stalled);
    }
  });

  test(`what is in the cache costs nothing, ${how}`, () => {
    const machine = runTiny(readWords({ count: 2048, passes: 3 }), { translate });
    assert.deepEqual(dataOf(machine), { accesses: 3 * 2048, misses: 1024, stalls: 1024 * LINE * 2 });
  });

  test(`two lines of a set stay, three push each other out, ${how}`, () => {
    const two = runTiny(readWords({ count: 2, stride: SET_STRIDE, passes: 500 }), { translate });
    assert.deepEqual(dataOf(two), { accesses: 1000, misses: 2, stalls: 2 * LINE * 2 });
    const three = runTiny(readWords({ count: 3, stride: SET_STRIDE, passes: 500 }), { translate });
    assert.deepEqual(dataOf(three), { accesses: 1500, misses: 1500, stalls: 1500 * LINE * 2 });
  });

  test(`a miss may bring in half a line, ${how}`, () => {
    const machine = runTiny(readWords({ count: 512, passes: 2 }), { translate, flashFill: 4 });
    assert.deepEqual(dataOf(machine), { accesses: 1024, misses: 512, stalls: 512 * WORD * 2 });
  });

  test(`instructions wait once a line and count one access a word, ${how}`, () => {
    const body = `${'nop\n'.repeat(398)}b again`; // with the loop's head 402 instructions: 201 words, 101 lines
    const loop = `ldr r0, =1001\nb again\n.ltorg\n.balign 8\nagain: subs r0, #1\nbne 1f\nbkpt #0\n1: ${body}`;
    const { core } = runTiny(loop, { translate, origin: FLASH + 0x4000 });
    assert.deepEqual(core.counts.misses, [102, 0]); // and the line before, which has the literal as well
    assert.equal(core.counts.stalls[0], 102 * LINE * 2);
    assert.equal(core.counts.accesses[0], 1000 * 201 + 3); // the head's word, and two when it ends
  });

  test(`the model can be left out, ${how}`, () => {
    const machine = runTiny(readWords({ count: 2048 }), { translate, flashModel: false });
    assert.equal(machine.core.counts.stalled, 0);
    assert.equal(machine.flashUse(), null);
  });
}

test('straight code waits to the cycle', () => {
  const { core } = runTiny(`${'nop\n'.repeat(63)}bkpt #0`, { origin: FLASH + 0x4000 });
  assert.deepEqual({ ...core.counts }, { accesses: [32, 0], misses: [16, 0], stalls: [16 * LINE * 2, 0] });
});

test('the divider can be replaced', () => {
  const machine = runTiny(readWords({ count: 64 }), { divider: 2, flashDivider: 6 });
  assert.equal(dataOf(machine).stalls, 32 * LINE * 6);
});

test('the performance counters count, and can be cleared', () => {
  const { core } = runTiny(`
    ldr r5, =XIP_CTRL
    ldr r1, =${FLASH + 0x10000}
    ldr r0, [r1]
    ldr r0, [r1]          @ a hit before they are cleared
    str r0, [r5, #0x0c]
    str r0, [r5, #0x10]
    ldr r0, [r1, #4]      @ hit
    ldr r0, [r1, #8]      @ miss
    ldrb r0, [r1, #13]    @ hit
    ldm r1, {r1, r2, r3}  @ three hits
    ldr r6, [r5, #0x0c]
    ldr r7, [r5, #0x10]
    bkpt #0`);
  assert.deepEqual([core.registers[6], core.registers[7]], [5, 6]);
});

test('a flush empties the cache, and readers wait for it', () => {
  const machine = runTiny(`
    ldr r5, =XIP_CTRL
    ldr r1, =${FLASH + 0x10000}
    ldr r0, [r1]
    movs r0, #1
    str r0, [r5, #4]
    ldr r7, [r5, #8]
    ldr r0, [r5, #4]
    ldr r6, [r5, #8]
    ldr r0, [r1]
    bkpt #0`);
  assert.deepEqual([machine.core.registers[7] & 1, machine.core.registers[6] & 1], [0, 1]);
  assert.deepEqual(dataOf(machine), { accesses: 2, misses: 2, stalls: 2 * LINE * 2 });
  assert.ok(machine.core.cycles > 1024 + 2 * LINE * 2);
});

test('who reads during a flush waits for its end', () => {
  const read = `ldr r1, =${FLASH + 0x10000}\nldr r0, [r1]\n`;
  const { stalls } = dataOf(runTiny(`ldr r5, =XIP_CTRL\nmovs r0, #1\nstr r0, [r5, #4]\n${read}bkpt #0`));
  assert.ok(stalls > 1010 + LINE * 2 && stalls <= 1024 + LINE * 2, `${stalls} cycles`);
});

test('the four aliases look into the cache and fill it as each should', () => {
  const read = (alias) => `ldr r1, =${FLASH + alias * 0x1000000 + 0x10000}\nldr r0, [r1]\n`;
  const misses = (...aliases) => dataOf(runTiny(`${aliases.map(read).join('')}bkpt #0`)).misses;
  assert.equal(misses(0, 0), 1);
  assert.equal(misses(1, 1, 0), 3); // looks, does not fill
  assert.equal(misses(0, 1), 1);
  assert.equal(misses(2, 2, 0), 2); // does not look, fills
  assert.equal(misses(0, 3, 3), 3); // does neither
  assert.equal(dataOf(runTiny(`${read(3)}bkpt #0`)).stalls, WORD * 2);
});

test('a write takes one line out of the cache and leaves flash as it is', () => {
  const machine = runTiny(`
    ldr r1, =${FLASH + 0x10000}
    ldr r0, [r1]
    ldr r0, [r1, #8]
    str r1, [r1]
    ldr r2, [r1]
    ldr r0, [r1, #8]
    bkpt #0`);
  assert.equal(dataOf(machine).misses, 3);
  assert.equal(machine.core.registers[2] & 0xff, flashByte(0x10000));
});

test('with the cache off, every read goes to flash', () => {
  const machine = runTiny(`
    ldr r5, =XIP_CTRL
    movs r0, #0
    str r0, [r5]
    ldr r1, =${FLASH + 0x10000}
    ldr r0, [r1]
    ldr r0, [r1]
    bkpt #0`);
  assert.equal(dataOf(machine).misses, 2);
});

// Sets up DMA channel 0 from `from` to SRAM for `words`, paced by `request`.
const startDma = ({ from, to, words, request, swap = 0, more = 0 }) => `
    ldr r5, =DMA
    ldr r0, =${from}
    str r0, [r5]
    ldr r0, =${to}
    str r0, [r5, #4]
    ldr r0, =${words}
    str r0, [r5, #8]
    ldr r0, =${(swap << 22) | (request << 15) | (1 << 5) | (2 << 2) | 1 | more}
    str r0, [r5, #12]
`;
const waitForDma = `
  waiting:
    ldr r0, [r5, #12]
    lsrs r0, #25      @ BUSY is bit 24
    bcs waiting
`;
const directMode = (words, dma = 3) => `
    ldr r6, =SSI
    movs r0, #0
    str r0, [r6, #8]
    ldr r0, =${words - 1}
    str r0, [r6, #4]
    movs r0, #${dma}
    str r0, [r6, #0x4c]
    movs r0, #1
    str r0, [r6, #8]
`;
const sendAddress = (offset) => `ldr r0, =${offset * 256 + 0xa0}\nstr r0, [r6, #0x60]\n`;
const endDirectMode = `
    movs r0, #0
    str r0, [r6, #8]
    str r0, [r6, #4]
    str r0, [r6, #0x4c]
    movs r0, #1
    str r0, [r6, #8]
`;
const TO = SRAM + 0x8000;
const bulk = (words, meanwhile = '') => `
    ${directMode(words)}
    ${startDma({ from: 0x18000060, to: TO, words, request: 39, swap: 1 })}
    ${sendAddress(0x10000)}
    ${meanwhile}
    ${waitForDma}
    ${endDirectMode}
    bkpt #0
    .ltorg
`;
const checkCopied = ({ rp2040 }, words) => {
  const copied = rp2040.sram.subarray(TO - SRAM, TO - SRAM + 4 * words);
  const expected = Uint8Array.from({ length: 4 * words }, (_, i) => flashByte(0x10000 + i));
  assert.deepEqual(Buffer.from(copied), Buffer.from(expected));
};

test('a long transfer takes 4 cycles a byte and brings the right bytes', () => {
  for (const words of [1, 16, 1024, 8192]) {
    const machine = runTiny(bulk(words));
    checkCopied(machine, words);
    const exactly = 2 * (ADDRESS_AND_DUMMIES + 8 * words);
    const direct = machine.flashUse().direct;
    assert.deepEqual([direct.transfers, direct.bytes, direct.cycles], [1, 4 * words, exactly]);
    const cycles = machine.core.cycles;
    assert.ok(cycles > exactly && cycles < exactly + 200, `${cycles} cycles for ${words} words`);
    assert.equal(machine.core.counts.stalled, 0);
  }
});

test('a core that sleeps is woken by the interrupt at the end of a long transfer', () => {
  const words = 2048;
  const machine = runTiny(`
    cpsid i
    ldr r0, =0xe000e100
    ldr r1, =1 << 11
    str r1, [r0]           @ DMA_IRQ_0
    ldr r0, =DMA + 0x404
    movs r1, #1
    str r1, [r0]
    ${bulk(words, 'wfi')}`);
  checkCopied(machine, words);
  assert.ok(machine.core.idle > 2 * 8 * words - 100, `slept ${machine.core.idle}`);
  assert.ok(machine.core.cycles < 2 * (8 * words + ADDRESS_AND_DUMMIES) + 250);
});

test('a long transfer shows how far it is', () => {
  const { core } = runTiny(bulk(1024, `
    movs r0, #200
  count: subs r0, #1
    bne count
    ldr r7, [r5, #8]`));
  const done = 1024 - core.registers[7];
  assert.ok(done > 30 && done < 50, `${done} words after 600 cycles`); // 16 cycles each
});

test('nothing may be read through XIP meanwhile, not even what is cached', () => {
  const touch = `ldr r1, =${FLASH + 0x10000}\nldr r0, [r1]\n`;
  for (const before of ['', touch]) {
    assert.throws(
      () => runTiny(`${before}${bulk(1024, touch)}`),
      /flash was read through XIP while it cannot be: a direct SSI transfer is under way \(core 0 read 0x10010000, ins/,
    );
  }
  assert.throws(() => runTiny(`${directMode(16)}${touch}bkpt #0`), /CTRLR1 is not 0/);
  assert.throws(() => runTiny(bulk(64), { origin: FLASH + 0x4000 }), /the SSI is disabled \(core 0 read 0x100040/);
  const machine = runTiny(bulk(64).replace('bkpt #0', `${touch}bkpt #0`)); // afterwards it may
  assert.equal(dataOf(machine).misses, 1);
});

test('frames that nobody takes run over', () => {
  const waits = 'movs r0, #255\n1: subs r0, #1\nbne 1b\nldr r0, [r6, #0x28]\n';
  const program = `${directMode(64, 0)}${sendAddress(0x10000)}${waits}bkpt #0`;
  assert.throws(() => runTiny(program), /the receive FIFO ran over/);
});

test('frames can be taken by hand, most significant byte first', () => {
  const { core } = runTiny(`
    ${directMode(2, 0)}
    ${sendAddress(0x10000)}
    movs r1, #8
  1:ldr r0, [r6, #0x28]
    tst r0, r1
    beq 1b
    ldr r7, [r6, #0x60]
    bkpt #0`);
  const bytes = [0, 1, 2, 3].map((i) => flashByte(0x10000 + i));
  assert.equal(core.registers[7], bytes.reduce((word, byte) => word * 256 + byte, 0));
});

const stream = (words, meanwhile = '') => `
    ldr r6, =XIP_CTRL
    ldr r0, =${FLASH + 0x10000}
    str r0, [r6, #0x14]
    ${startDma({ from: 0x50400000, to: TO, words, request: 37 })}
    ldr r0, =${words}
    str r0, [r6, #0x18]
    ${meanwhile}
    ${waitForDma}
    bkpt #0
    .ltorg
`;

test('the stream takes 10 cycles a byte, and longer when the core reads flash meanwhile', () => {
  const words = 500;
  const machine = runTiny(stream(words));
  checkCopied(machine, words);
  const exactly = words * WORD * 2;
  assert.ok(machine.core.cycles > exactly && machine.core.cycles < exactly + 150, `${machine.core.cycles} cycles`);
  const reads = 50;
  const disturbed = runTiny(stream(words, readWords({ address: FLASH + 0x20000, count: reads, stride: 8 })
    .replace('bkpt #0', 'b over').replace('.ltorg', '.ltorg\nover:')));
  checkCopied(disturbed, words);
  const longer = disturbed.core.cycles - machine.core.cycles;
  assert.ok(longer > reads * (LINE * 2 + 7) - 50 && longer < reads * (LINE * 2 + 7 + WORD * 2) + 150, `${longer} longer`);
  const { misses, stalls } = dataOf(disturbed);
  assert.ok(misses === reads && stalls > reads * LINE * 2, `${stalls} stalled`); // it waits for words on their way
});

test('a stream without a reader waits in its FIFO', () => {
  const { core, xip } = runTiny(`
    ldr r6, =XIP_CTRL
    ldr r0, =${FLASH + 0x10000}
    str r0, [r6, #0x14]
    movs r0, #9
    str r0, [r6, #0x18]
    movs r0, #255
  1:subs r0, #1
    bne 1b
    ldr r5, [r6, #0x18]
    ldr r4, [r6, #0x08]
    ldr r7, [r6, #0x1c]
    bkpt #0`);
  assert.deepEqual([core.registers[5], core.registers[4] & 6, xip.stream.fifo.length], [7, 4, 1]);
  assert.equal(core.registers[7] & 0xff, flashByte(0x10000));
});

test('a DMA that reads flash through XIP waits like everybody', () => {
  const machine = runTiny(`${startDma({ from: FLASH + 0x10000, to: TO, words: 256, request: 63, more: 16 })}${waitForDma}bkpt #0`);
  checkCopied(machine, 256);
  assert.equal(machine.dmaReader.counts.misses[1], 128);
  assert.ok(machine.core.cycles > 128 * LINE * 2 + 256);
});
