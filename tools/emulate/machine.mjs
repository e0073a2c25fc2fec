// An emulated board: rp2040js with our clock and stub boot ROM, a second core, waits for flash, and a terminal on USB
// or UART0.
// SPDX-License-Identifier: MIT
import { ConsoleLogger, LogLevel, RP2040 } from 'rp2040js';
import { stubBootrom } from './bootrom.mjs';
import { CycleClock } from './clock.mjs';
import { makeCores } from './cores.mjs';
import { Ssi } from './ssi.mjs';
import { CodeMap, Translator } from './translate.mjs';
import { FLASH_BASE } from './uf2.mjs';
import { UsbHost } from './usb_host.mjs';
import { restartOnWatchdog } from './watchdog.mjs';
import { FlashCounts, Xip } from './xip.mjs';

const FLASH_BYTES = 2 * 1024 * 1024;
const UART_BYTE_NANOS = 1e10 / 115200; // start, 8 data, stop
const SLICE_CYCLES = 25e6;
const QUANTUM_CYCLES = 64; // that one core may be ahead of the other
const BOOT2 = 0x20041f00; // where the boot ROM copies the second-stage boot loader, and its stack ends
const BOOT2_BYTES = 256;
const SRAM_BASE = 0x20000000;
const PERIPHERAL = { XIP_CTRL: 0x14000, SSI: 0x18000, XIP_AUX: 0x50400 }; // keys of rp2040js: address >> 12
const TREQ_PERMANENT = 63;

export class Machine {
  // port: 'usb' or 'uart'. onOutput(text), if given, sees what the board says as it says it. translate: false
  // leaves every instruction to rp2040js. flashModel: false makes flash as fast as SRAM; flashDivider replaces what
  // the program sets as the flash clock's divider; flashFill: bytes that a cache miss brings in, 8 or 4. cores: 1 leaves
  // core 1 dead.
  constructor({
    port = 'usb', onOutput, translate = true, flashModel = true, flashDivider = null, flashFill = 8, cores = 2,
  } = {}) {
    this.port = port;
    this.flashBytes = FLASH_BYTES;
    this.onOutput = onOutput ?? (() => {});
    this.output = '';
    this.marks = []; // [length of output, cycles()] for each piece that came
    this.profile = null; // a Profile may be put here
    this.decoder = new TextDecoder('utf-8');
    this.clock = new CycleClock();
    this.rp2040 = new RP2040(this.clock);
    this.addFlash(flashModel, flashDivider, flashFill);
    const { cores: all, mailboxes } = makeCores(this.rp2040, { clock: this.clock, xip: this.xip, count: cores });
    this.cores = all;
    this.mailboxes = mailboxes;
    [this.core] = all;
    this.clock.core = this.core;
    this.rp2040.logger = new ConsoleLogger(LogLevel.Error);
    this.rp2040.loadBootrom(stubBootrom());
    this.codeMap = new CodeMap(this.rp2040);
    this.translator = translate ? new Translator(this.core, this.codeMap) : null;
    this.translators = [this.translator, null]; // core 1's is made when that core first runs
    this.rp2040.onBreak = () => {
      const { name, PC } = this.clock.core;
      throw new Error(`the firmware stopped at a breakpoint, address 0x${(PC - 2).toString(16)} (${name})`);
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
    restartOnWatchdog(this);
  }

  loadFlash(offset, bytes) {
    if (offset + bytes.length > FLASH_BYTES) {
      throw new Error(`${bytes.length} bytes at offset ${offset} do not fit a flash of ${FLASH_BYTES} bytes`);
    }
    this.rp2040.flash.set(bytes, offset);
  }

  addFlash(model, divider, fill) {
    const { clock, rp2040 } = this;
    this.xip = null;
    if (!model) return;
    this.ssi = new Ssi(rp2040, clock, { divider, onChange: () => this.xip?.configure() });
    this.xip = new Xip(rp2040, clock, this.ssi, { fill });
    rp2040.peripherals[PERIPHERAL.SSI] = this.ssi;
    rp2040.peripherals[PERIPHERAL.XIP_CTRL] = this.xip;
    rp2040.peripherals[PERIPHERAL.XIP_AUX] = this.xip.auxiliary;
    this.dmaReader = { name: 'the DMA', counts: new FlashCounts() };
    this.xip.counts.push(this.dmaReader.counts);
    for (const channel of rp2040.dma.channels) this.paceDma(channel);
  }

  // rp2040js moves everything at once where no peripheral sets the pace: a word takes a cycle, and flash its time.
  paceDma(channel) {
    const schedule = channel.scheduleTransfer.bind(channel);
    channel.scheduleTransfer = () => {
      if (channel.treq !== TREQ_PERMANENT) {
        schedule();
        return;
      }
      const now = this.clock.core.cycles;
      const flash = channel.readAddr >>> 26 === 4;
      const wait = flash ? this.xip.readAlias(this.dmaReader, channel.readAddr, now, undefined, 1) : 0;
      channel.transferAlarm.schedule(this.clock.nanosOf(1 + wait));
    };
  }

  start() {
    const { core, rp2040 } = this;
    rp2040.sram.set(rp2040.flash.subarray(0, BOOT2_BYTES), BOOT2 - SRAM_BASE);
    core.SP = BOOT2;
    core.PC = BOOT2;
    core.LR = 0; // which tells the boot loader that the ROM is the caller
  }

  // Where the cycles went so far.
  cycles() {
    const [one, two] = this.cores;
    const of = (core) => ({
      worked: core.worked, slept: core.idle, flashFetch: core.counts.stalls[0], flashData: core.counts.stalls[1],
    });
    return { total: this.clock.core.cycles, core0: of(one), core1: two && !two.stopped ? of(two) : null };
  }

  // What the flash did so far. Null where it is not modelled.
  flashUse() {
    const { xip, ssi, cores, dmaReader } = this;
    if (!xip) return null;
    const of = ({ counts }) => {
      const kinds = [0, 1].map((kind) => ({
        accesses: counts.accesses[kind],
        hits: counts.accesses[kind] - counts.misses[kind],
        stallCycles: counts.stalls[kind],
      }));
      return { fetch: kinds[0], data: kinds[1] };
    };
    return {
      divider: ssi.baud, fillBytes: xip.fill, missCycles: xip.missCycles, ...xip.totals(),
      readers: Object.fromEntries([...cores, dmaReader].map((reader) => [reader.name.replace(/^the | /g, ''), of(reader)])),
      direct: { ...ssi.totals }, streamedWords: xip.stream.words,
    };
  }

  heard(bytes) {
    const text = this.decoder.decode(bytes, { stream: true });
    this.output += text;
    this.marks.push([this.output.length, this.cycles()]);
    this.onOutput(text);
  }

  // What cycles() was when output[index] had come.
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

  // Nobody runs.
  get asleep() {
    return this.cores.every((core) => core.waiting || core.stopped);
  }

  // Asleep, with nothing under way that could wake it.
  get idle() {
    return this.asleep && !this.clock.pending;
  }

  // The core that is behind and runs next. Null: all sleep.
  next() {
    const [one, two] = this.cores;
    if (!two || two.stopped || two.waiting) return one.waiting ? null : one;
    return one.waiting || two.cycles < one.cycles ? two : one;
  }

  // Runs until done() holds (asked between slices and whenever all cores sleep) or `cycles` more have passed.
  run(cycles, done = () => false) {
    const { clock } = this;
    const end = clock.core.cycles + cycles;
    for (let core = this.next(); clock.core.cycles < end; core = this.next()) {
      if (core) {
        this.execute(core, end);
      } else {
        if (done()) return true;
        if (!clock.pending) return false;
        this.sleep();
      }
      clock.fireDue();
    }
    return done();
  }

  // Moves on to the first alarm.
  sleep() {
    const { clock, cores } = this;
    for (const core of cores) if (!core.stopped && core.cycles > clock.core.cycles) clock.core = core;
    const time = Math.max(clock.core.cycles, Math.ceil(clock.deadline - 1e-6));
    clock.core.idle += time - clock.core.cycles;
    clock.core.cycles = time;
  }

  translatorOf(core) {
    if (!this.translator) return null;
    return (this.translators[core.number] ??= new Translator(core, this.codeMap));
  }

  // Runs a core until an alarm is due, the other core's turn comes, or it sleeps.
  execute(core, end) {
    const { clock } = this;
    const translator = this.translatorOf(core);
    const other = this.cores[1 - core.number];
    clock.core = core;
    for (;;) {
      const alone = !other || other.waiting || other.stopped;
      const turn = alone ? Infinity : other.cycles + QUANTUM_CYCLES;
      const limit = Math.min(clock.deadline, end);
      const before = core.cycles;
      if (core.waiting || before >= limit || before >= turn) return;
      const pc = core.registers[15] & ~1;
      const slice = Math.min(turn - before, this.profile ? QUANTUM_CYCLES : Infinity);
      const fast = translator && !core.interruptsUpdated && translator.run(limit - before, slice);
      if (!fast) core.executeInstruction();
      this.profile?.add(core.number, pc, core.cycles - before);
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
