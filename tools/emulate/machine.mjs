// An emulated board: rp2040js with our clock, a stub boot ROM, and a terminal on USB or UART0.
// SPDX-License-Identifier: MIT
import { ConsoleLogger, LogLevel, RP2040 } from 'rp2040js';
import { stubBootrom } from './bootrom.mjs';
import { CycleClock } from './clock.mjs';
import { Translator } from './translate.mjs';
import { FLASH_BASE } from './uf2.mjs';
import { UsbHost } from './usb_host.mjs';

const FLASH_BYTES = 2 * 1024 * 1024;
const UART_BYTE_NANOS = 1e10 / 115200; // start, 8 data, stop
const SLICE_CYCLES = 25e6;

export class Machine {
  // port: 'usb' or 'uart'. onOutput(text), if given, sees what the board says as it says it. translate: false
  // leaves every instruction to rp2040js.
  constructor({ port = 'usb', onOutput, translate = true } = {}) {
    this.port = port;
    this.flashBytes = FLASH_BYTES;
    this.onOutput = onOutput ?? (() => {});
    this.output = '';
    this.marks = []; // [length of output, cycles] for each piece that came
    this.decoder = new TextDecoder('utf-8');
    this.clock = new CycleClock();
    this.rp2040 = new RP2040(this.clock);
    this.core = this.rp2040.core;
    this.clock.core = this.core;
    this.rp2040.logger = new ConsoleLogger(LogLevel.Error);
    this.rp2040.loadBootrom(stubBootrom());
    this.translator = translate ? new Translator(this.rp2040) : null;
    this.rp2040.onBreak = () => {
      throw new Error(`the firmware stopped at a breakpoint, address 0x${(this.core.PC - 2).toString(16)}`);
    };
    this.connected = port === 'uart';
    this.uartQueue = [];
    if (port === 'usb') {
      this.usb = new UsbHost(this.rp2040.usbCtrl, this.clock, {
        onData: (bytes) => this.heard(bytes),
        onReady: () => (this.connected = true),
      });
    } else {
      this.rp2040.uart[0].onByte = (byte) => this.heard(new Uint8Array([byte]));
    }
    this.uartAlarm = this.clock.createAlarm(() => this.feedUart());
  }

  loadFlash(offset, bytes) {
    if (offset + bytes.length > FLASH_BYTES) {
      throw new Error(`${bytes.length} bytes at offset ${offset} do not fit a flash of ${FLASH_BYTES} bytes`);
    }
    this.rp2040.flash.set(bytes, offset);
  }

  start() {
    this.core.PC = FLASH_BASE; // the second-stage boot loader, which the ROM would have copied to RAM
    this.core.LR = 0; // which tells it that the ROM is the caller
  }

  heard(bytes) {
    const text = this.decoder.decode(bytes, { stream: true });
    this.output += text;
    this.marks.push([this.output.length, this.core.cycles]);
    this.onOutput(text);
  }

  // The core cycles at which output[index] had come.
  cyclesAt(index) {
    return this.marks.find(([length]) => length > index)?.[1];
  }

  send(text) {
    const bytes = new TextEncoder().encode(text);
    if (this.port === 'usb') {
      this.usb.send(bytes);
    } else {
      this.uartQueue.push(...bytes);
      if (!this.uartAlarm.scheduled) this.uartAlarm.schedule(UART_BYTE_NANOS);
    }
  }

  feedUart() {
    this.rp2040.uart[0].feedByte(this.uartQueue.shift());
    if (this.uartQueue.length > 0) this.uartAlarm.schedule(UART_BYTE_NANOS);
  }

  get seconds() {
    return this.clock.nanos / 1e9;
  }

  get asleep() {
    return this.core.waiting;
  }

  // Asleep, with nothing under way that could wake it.
  get idle() {
    return this.core.waiting && !this.clock.pending;
  }

  // Runs until done() holds (asked between slices and whenever the core sleeps) or `cycles` more have passed.
  run(cycles, done = () => false) {
    const { core, clock } = this;
    const end = core.cycles + cycles;
    while (core.cycles < end) {
      if (core.waiting) {
        if (done()) return true;
        if (!clock.pending) return false;
        clock.skip();
      } else {
        this.execute(end);
      }
      clock.fireDue();
    }
    return done();
  }

  execute(end) {
    const { core, clock, translator } = this;
    while (core.cycles < clock.deadline && core.cycles < end && !core.waiting) {
      const fast = translator && !core.interruptsUpdated && translator.run(Math.min(clock.deadline, end) - core.cycles);
      if (!fast) core.executeInstruction();
    }
  }

  // Runs until done() holds. Fails with `what` in its message when wall-clock `deadline` (milliseconds, as
  // Date.now()) passes, or when the board sleeps and nothing will ever wake it.
  runUntil(done, what, deadline = Infinity) {
    while (!this.run(SLICE_CYCLES, done)) {
      if (Date.now() > deadline) throw new Error(`timed out waiting for ${what}`);
      if (this.idle && !done()) throw new Error(`the board sleeps; waiting for ${what} in vain`);
    }
  }
}
