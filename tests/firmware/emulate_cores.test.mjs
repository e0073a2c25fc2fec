// Two cores: core 1's start, mailboxes, events, spinlocks, what each has for itself, and that they really share work.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { FLASH, prepare, runTiny, SRAM } from './tiny.mjs';

const VECTORS = SRAM + 0x1000;
const STACK1 = SRAM + 0x30000;
const RESULT = SRAM + 0x4000;

// As the SDK does it: each word is echoed; on a wrong echo it starts over. r7: the SIO. The label core1 is started.
const LAUNCH = `
    ldr r7, =SIO
    ldr r5, =sequence
    movs r4, #0
  send:
    ldr r0, [r5, r4]
    cmp r0, #0
    bne push
  drain:
    ldr r1, [r7, #FIFO_ST]
    lsrs r1, #1
    bcc push
    ldr r1, [r7, #FIFO_RD]
    b drain
  push:
    str r0, [r7, #FIFO_WR]
    sev
  echo:
    ldr r1, [r7, #FIFO_ST]
    lsrs r1, #1
    bcs there
    wfe
    b echo
  there:
    ldr r1, [r7, #FIFO_RD]
    adds r4, #4
    cmp r0, r1
    beq right
    movs r4, #0
  right:
    cmp r4, #24
    bne send
    b core0
    .ltorg
    .balign 4
  sequence: .word 0, 0, 1, ${VECTORS}, ${STACK1}, core1 + 1
`;

// Labels for waiting until a word is there, and reading it into r0.
const receive = (label) => `
  ${label}:
    ldr r0, [r7, #FIFO_ST]
    lsrs r0, #1
    bcc ${label}
    ldr r0, [r7, #FIFO_RD]
`;

const two = (core0, core1) => `${LAUNCH}
  core0:
    ${core0}
    bkpt #0
    .ltorg
    .balign 4
  core1:
    ldr r7, =SIO
    ${core1}
  1:wfe
    b 1b
    .ltorg
`;

const word = ({ rp2040 }, n = 0) => rp2040.sramView.getUint32(RESULT - SRAM + 4 * n, true);

for (const translate of [false, true]) {
  const how = translate ? 'translated' : 'interpreted';

  test(`core 1 starts with its stack, vectors and number, ${how}`, () => {
    const machine = runTiny(two(receive('a'), `
      ldr r0, [r7]
      ldr r1, =${RESULT}
      str r0, [r1]
      mov r0, sp
      str r0, [r1, #4]
      str r0, [r7, #FIFO_WR]`), { translate });
    assert.deepEqual([word(machine), word(machine, 1)], [1, STACK1]);
    assert.equal(machine.cores[1].VTOR, VECTORS);
    assert.equal(machine.core.registers[0], STACK1);
  });

  test(`words go to and fro, ${how}`, () => {
    const rounds = 1000;
    const machine = runTiny(two(`
      ldr r5, =${rounds}
      movs r6, #0
    more:
      str r6, [r7, #FIFO_WR]
      ${receive('a')}
      mov r6, r0
      subs r5, #1
      bne more`, `
    again:
      ${receive('b')}
      adds r0, #3
      str r0, [r7, #FIFO_WR]
      b again`), { translate });
    assert.equal(machine.core.registers[6], 3 * rounds);
  });

  test(`half of a sum each takes half the time, ${how}`, () => {
    const words = 8192;
    // Sums r3 words from r1 into r0.
    const sum = (label) => `
      movs r0, #0
    ${label}:
      ldm r1!, {r2}
      adds r0, r2
      subs r3, #1
      bne ${label}
    `;
    const from = SRAM + 0x8000;
    const fill = (machine) => {
      for (let i = 0; i < words; i++) machine.rp2040.sramView.setUint32(from - SRAM + 4 * i, (i * i) >>> 0, true);
    };
    const expected = Array.from({ length: words }, (_, i) => (i * i) >>> 0).reduce((a, b) => (a + b) >>> 0);
    const alone = `ldr r1, =${from}\nldr r3, =${words}\n${sum('x')}bkpt #0\n.ltorg`;
    const shared = two(`
      ldr r1, =${from}
      ldr r3, =${words / 2}
      ${sum('x')}
      mov r6, r0
      ${receive('a')}
      adds r0, r6`, `
      ldr r1, =${from + 2 * words}
      ldr r3, =${words / 2}
      ${sum('y')}
      str r0, [r7, #FIFO_WR]`);
    const run = (source) => {
      const machine = prepare(source, { translate });
      fill(machine);
      assert.throws(() => machine.run(20e6));
      assert.equal(machine.core.registers[0], expected);
      return machine.core.cycles;
    };
    const [one, both] = [run(alone), run(shared)];
    assert.ok(both > one / 2 && both < one / 2 + 1000, `${one} cycles alone, ${both} together`);
  });

  test(`two runs are the same, cycle for cycle, ${how}`, () => {
    const source = two(receive('a'), `
      ldr r1, =${FLASH + 0x10000}
      ldr r3, =3000
    x:ldm r1!, {r2}
      subs r3, #1
      bne x
      str r3, [r7, #FIFO_WR]`);
    const cycles = () => JSON.stringify(runTiny(source, { translate }).cycles());
    assert.equal(cycles(), cycles());
  });
}

test('misses of both cores queue up at the flash', () => {
  const count = 400;
  // Words from lines of its own for each core, all misses.
  const read = (offset, label) => `
    ldr r1, =${FLASH + offset}
    ldr r3, =${count}
  ${label}:
    ldr r2, [r1]
    adds r1, #8
    subs r3, #1
    bne ${label}
  `;
  const machine = runTiny(two(`${read(0x10000, 'x')}${receive('a')}`, `${read(0x20000, 'y')}str r3, [r7, #FIFO_WR]`));
  const flash = 2 * count * 56; // one after the other
  const { cycles } = machine.core; // taking turns of 64 cycles leaves the flash idle now and then
  assert.ok(cycles >= flash && cycles < 1.08 * flash, `${cycles} of ${flash}`);
  assert.equal(machine.cores[1].counts.misses[1], count);
});

test('a spinlock lets one in at a time', () => {
  const rounds = 300;
  // A counter in memory, read, changed and written back under lock 5.
  const count = (label) => `
    ldr r5, =${rounds}
    ldr r6, =${RESULT}
    ldr r4, =SIO + 0x114
  ${label}:
    ldr r0, [r4]
    cmp r0, #0
    beq ${label}
    ldr r0, [r6]
    .rept 40
    nop
    .endr
    adds r0, #1
    str r0, [r6]
    str r0, [r4]
    subs r5, #1
    bne ${label}
  `;
  const machine = runTiny(two(`${count('x')}${receive('a')}`, `${count('y')}str r5, [r7, #FIFO_WR]`));
  assert.equal(word(machine), 2 * rounds);
});

test('each core has its own divider, interpolators and interrupts', () => {
  const machine = runTiny(two(`
      movs r0, #100
      str r0, [r7, #0x60]
      movs r0, #7
      str r0, [r7, #0x64]
      ${receive('a')}
      ldr r5, [r7, #0x70]
      ldr r6, [r7, #0x74]
      ldr r4, =0xe000e100
      ldr r4, [r4]`, `
      ldr r1, =9999
      str r1, [r7, #0x60]
      movs r1, #10
      str r1, [r7, #0x64]
      ldr r1, =0xe000e100
      movs r0, #4
      str r0, [r1]
      ldr r0, [r7, #0x70]
      str r0, [r7, #FIFO_WR]`));
  assert.deepEqual([...machine.core.registers.subarray(4, 7)], [0, 14, 2]);
  assert.deepEqual([machine.core.registers[0], machine.cores[1].enabledInterrupts], [999, 4]);
});

test('an event wakes a core that waits for one, and its sleep is counted', () => {
  const machine = runTiny(two(`
      ldr r0, =2000
    x:subs r0, #1
      bne x
      ldr r6, =${RESULT}
      movs r1, #42
      str r1, [r6]
      sev
      ${receive('a')}`, `
      ldr r6, =${RESULT}
      sev
      wfe                 @ takes the event of its own
    y:ldr r0, [r6]
      cmp r0, #42
      beq z
      wfe
      b y
    z:str r0, [r7, #FIFO_WR]`));
  assert.equal(machine.core.registers[0], 42);
  assert.ok(machine.cores[1].idle > 5500, `slept ${machine.cores[1].idle}`);
  assert.ok(machine.core.cycles < 6700, `${machine.core.cycles} cycles`);
});

test('a full mailbox overflows, an empty one underflows, and both are told until cleared', () => {
  const machine = runTiny(`
    ldr r7, =SIO
    ldr r0, [r7, #FIFO_RD]
    ldr r4, [r7, #FIFO_ST]
    movs r1, #9
  x:str r1, [r7, #FIFO_WR]
    subs r1, #1
    bne x
    ldr r5, [r7, #FIFO_ST]
    str r5, [r7, #FIFO_ST]
    ldr r6, [r7, #FIFO_ST]
    bkpt #0`, { cores: 1 });
  assert.deepEqual([...machine.core.registers.subarray(4, 7)], [0b1010, 0b1100, 0]);
});

test('a mailbox interrupts the core that it is for', () => {
  const handler = SRAM + 0x800;
  const source = two(receive('a'), `
      ldr r1, =0xe000e100
      ldr r0, =1 << 16
      str r0, [r1]
    1:b 1b`).replace('b core0', 'ldr r0, =4000\nn: subs r0, #1\nbne n\nstr r4, [r7, #FIFO_WR]\nb core0');
  const machine = prepare(source);
  machine.rp2040.sramView.setUint32(VECTORS - SRAM + 4 * (16 + 16), handler | 1, true);
  const code = [0x4f01, 0x6db8, 0x6578, 0xbe00, 0x0000, 0xd000]; // ldr r7, =SIO; ldr r0, [FIFO_RD]; str it to FIFO_WR
  code.forEach((op, i) => machine.rp2040.sramView.setUint16(handler - SRAM + 2 * i, op, true));
  assert.throws(() => machine.run(1e6));
  assert.deepEqual([machine.clock.core.number, machine.cores[1].registers[0]], [1, 24]);
});

test('a wrong sequence is echoed and starts over', () => {
  const { mailboxes } = prepare('bkpt #0');
  let started = null;
  mailboxes.onLaunch = (start) => (started = start);
  const send = (...values) => values.map((value) => (mailboxes.push(0, value), mailboxes.pop(0)));
  assert.deepEqual(send(0, 1, 0, 7, 0, 0), [0, 1, 0, 7, 0, 0]);
  send(1, VECTORS, STACK1);
  assert.equal(started, null);
  send(SRAM | 1);
  assert.deepEqual(started, { vectors: VECTORS, stack: STACK1, entry: SRAM | 1 });
});

test('without core 1 nobody answers', () => {
  const machine = prepare(two(receive('a'), 'nop'), { cores: 1 });
  assert.equal(machine.run(1e6), false);
  assert.equal(machine.cores.length, 1);
  assert.equal(machine.cycles().core1, null);
});

test('core 1 can be put back into reset and started again', () => {
  const restart = `
    ldr r6, =0x40010004
    ldr r5, =1 << 16
    str r5, [r6]
    movs r4, #0
    str r4, [r6]
    ${receive('r')}
    mov r4, r8
    adds r4, #1
    mov r8, r4
    cmp r4, #2
    bne launch
  `;
  const source = `movs r4, #0\nmov r8, r4\nlaunch:\n${two(`${receive('a')}\nmov r9, r0\nb over\n.ltorg\nover: ${restart}`,
    'movs r0, #77\nstr r0, [r7, #FIFO_WR]')}`;
  const machine = runTiny(source);
  assert.deepEqual([machine.core.registers[8], machine.core.registers[9], machine.core.registers[0]], [2, 77, 0]);
  assert.ok(machine.cores[1].stopped);
});
