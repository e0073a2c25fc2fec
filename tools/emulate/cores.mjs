// Makes a two-core RP2040 of rp2040js's one-core one. A second core sees the same chip through an object that inherits
// from it and has that core's own SIO, NVIC and SysTick.
// SPDX-License-Identifier: MIT
import { makeCoreClass } from './core.mjs';
import { Mailboxes, SioView } from './sio.mjs';

const FIFO_INTERRUPTS = [15, 16];
const POWER_ON_STATE_MACHINE = 0x40010;
const FORCE_OFF = 0x04;
const CORE1_BIT = 1 << 16;

function makeView(rp2040, mailboxes, shared, number) {
  const view = number === 0 ? rp2040 : Object.create(rp2040);
  const own = number === 0 ? shared : new shared.constructor(view);
  view.sio = new SioView(number, own, shared, mailboxes);
  return view;
}

// Puts cores that model waits and events into the chip. Returns { cores, mailboxes }; core 1 sleeps until launched.
export function makeCores(rp2040, { clock, xip, count }) {
  const Core = makeCoreClass(rp2040.core.constructor);
  const cores = [];
  const mailboxes = new Mailboxes({
    present: count === 2,
    onLaunch: (start) => launch(cores[1], start),
    onInterrupt: (core, irq, value) => cores[core]?.setInterrupt(irq, value),
    onEvent: () => cores.forEach((core) => core.event()),
  });
  const shared = rp2040.sio;
  for (let number = 0; number < count; number++) {
    const view = makeView(rp2040, mailboxes, shared, number);
    const core = new Core(view, { number, clock, xip, onEvent: mailboxes.onEvent });
    view.core = core;
    if (number > 0) view.ppb = new rp2040.ppb.constructor(view, 'PPB');
    core.stopped = number > 0; // in reset, or in its boot ROM
    cores.push(core);
  }
  rp2040.setInterrupt = (irq, value) => {
    if (!FIFO_INTERRUPTS.includes(irq)) cores.forEach((core) => core.setInterrupt(irq, value));
  };
  watchReset(rp2040, cores, mailboxes);
  return { cores, mailboxes };
}

// Core 1 begins where the boot ROM sends it.
function launch(core, { vectors, stack, entry }) {
  const late = core.clock.core.cycles - core.cycles;
  if (late > 0) {
    core.idle += late;
    core.cycles += late;
  }
  core.VTOR = vectors;
  core.SP = stack;
  core.PC = entry & ~1;
  core.ready = -1;
  core.asleep = core.stopped = false;
}

// The power-on state machine can hold core 1 in reset; when let go, it reports to core 0 with a zero (2.8.2).
function watchReset(rp2040, cores, mailboxes) {
  const machine = rp2040.peripherals[POWER_ON_STATE_MACHINE];
  const write = machine.writeUint32.bind(machine);
  machine.writeUint32 = (offset, value) => {
    const held = machine.frceOff & CORE1_BIT;
    write(offset, value);
    if (offset !== FORCE_OFF || !cores[1]) return;
    if (!held && value & CORE1_BIT) {
      cores[1].stopped = true;
      mailboxes.reset();
    } else if (held && !(value & CORE1_BIT)) {
      mailboxes.inboxes[0].push(0);
      mailboxes.update(0);
    }
  };
}
